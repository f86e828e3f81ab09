static void stopWith(const char *reason) {
  for (;;) {
    Serial.println(reason);
    delay(1000);
  }
}
