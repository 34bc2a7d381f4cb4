// As much of Arduino.h as the sketch needs; the serial port is standard input and output.
#ifndef ARDUINO_H
#define ARDUINO_H

#include <stddef.h>
#include <stdint.h>

struct SerialPort {
  void begin(unsigned long baud);
  int available();
  int read();
  void print(const char *text);
  void print(char letter);
  void println(const char *text);
  void println(int number);
};
extern SerialPort Serial;

void setup();
void loop();

#endif
