#ifndef IMU_OF_REV2
#define IMU_OF_REV2 0  // 1 for the Nano 33 BLE Sense Rev2
#endif

#if IMU_OF_REV2
#include <Arduino_BMI270_BMM150.h>
#else
#include <Arduino_LSM9DS1.h>
#endif
