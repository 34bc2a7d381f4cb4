// Runs a sketch until the serial port has nothing more to give.
#include <cstdio>
#include <cstdlib>

#include "Arduino.h"

SerialPort Serial;

void SerialPort::begin(unsigned long) {}

// A sample, as long as there is one.
int SerialPort::available() {
  const int next = std::getchar();
  if (next == EOF) return 0;
  std::ungetc(next, stdin);
  return 2;
}

int SerialPort::read() { return std::getchar(); }
void SerialPort::print(const char *text) { std::fputs(text, stdout); }
void SerialPort::print(char letter) { std::putchar(letter); }
void SerialPort::println(const char *text) { std::puts(text); }
void SerialPort::println(int number) { std::printf("%d\n", number); }

int main() {
  setup();
  while (Serial.available()) loop();
}
