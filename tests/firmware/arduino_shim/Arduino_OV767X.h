/* SPDX-License-Identifier: Apache-2.0
 *
 * The camera's library: its frames are those of the file that $SHIM_PICTURE names, QCIF in
 * RGB565, over and over.
 */
#ifndef SHIM_OV767X_H
#define SHIM_OV767X_H

#include <Arduino.h>

enum { YUV422 = 0, RGB444 = 1, RGB565 = 2 };
enum { VGA = 0, CIF = 1, QVGA = 2, QCIF = 3 };

class ShimCamera {
 public:
  int begin(int resolution, int format, int rate);
  void readFrame(void *buffer);
};

extern ShimCamera Camera;

#endif
