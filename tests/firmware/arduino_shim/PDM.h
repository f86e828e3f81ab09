/* SPDX-License-Identifier: Apache-2.0
 *
 * The microphone's library: blocks of the file that $SHIM_SOUND names, int16 in this computer's
 * order, come between the calls of loop(). Where some of one is left
 * unread no more come, as with the library of the Nano 33 BLE.
 */
#ifndef SHIM_PDM_H
#define SHIM_PDM_H

#include <Arduino.h>

class ShimPdm {
 public:
  int begin(int channels, int rate);
  int available();
  int read(void *buffer, size_t bytes);
  void setGain(int gain);  // begin fails where $SHIM_GAIN is another
  void onReceive(void (*call)(void));
};

extern ShimPdm PDM;

#endif
