// Says what was spoken, on the serial port.
//
// Sound comes from the microphone of a Nano 33 BLE Sense or Nano RP2040 Connect (PDM), from an I2S microphone on an ESP32 (pins
// below), or, on every other board, by the serial port: int16, the low byte first, mono, MIC_RATE a second.
#include <kilovox.h>

#ifdef KV_INPUT_RATE
#define MIC_RATE KV_INPUT_RATE
#else
#define MIC_RATE KV_SAMPLE_RATE
#endif

static kv_recogniser ear;

#if defined(ARDUINO_ARDUINO_NANO33BLE) || defined(ARDUINO_NANO_RP2040_CONNECT)

#include <PDM.h>

#define PDM_RATE 16000
#if MIC_RATE != PDM_RATE && 2 * MIC_RATE != PDM_RATE
#error "these microphones give 16,000 samples a second; this model takes neither these nor half of them"
#endif

// Written by the interrupt, read by loop(): a ring, 1,024 ms of it at 8,000 samples a second.
static int16_t ring[8192];
static volatile uint16_t written = 0, taken = 0;

#if MIC_RATE != PDM_RATE
// Half the rate: a half-band filter of 11 taps, maximally flat.
static int16_t halved(const int16_t *x) {
  const int32_t far = (int32_t)x[0] + x[10], near = (int32_t)x[2] + x[8], next = (int32_t)x[4] + x[6], centre = x[5];
  const int32_t y = (256 * centre + 150 * next - 25 * near + 3 * far + 256) >> 9;
  return (int16_t)(y < -32768L ? -32768L : y > 32767L ? 32767L : y);
}
#endif

static void keep(int16_t sample) {
  const uint16_t next = (uint16_t)((written + 1) % 8192);
  if (next == taken) return;  // loop() is late: lost
  ring[written] = sample;
  written = next;
}

static void heard() {
  static int16_t some[256];
#if MIC_RATE != PDM_RATE
  static int16_t last[11];
  static bool second = false;
#endif
  int count = PDM.available() / 2;
  while (count > 0) {
    const int now = count < 256 ? count : 256;
    PDM.read(some, now * 2);
    count -= now;
    for (int i = 0; i < now; i++) {
#if MIC_RATE == PDM_RATE
      keep(some[i]);
#else
      for (int k = 0; k < 10; k++) last[k] = last[k + 1];
      last[10] = some[i];
      if (second) keep(halved(last));
      second = !second;
#endif
    }
  }
}

static void begin_microphone() {
  PDM.onReceive(heard);
  if (!PDM.begin(1, PDM_RATE)) Serial.println("no microphone");
}

static size_t read_microphone(int16_t *samples, size_t most) {
  size_t count = 0;
  while (count < most && taken != written) {
    samples[count++] = ring[taken];
    taken = (uint16_t)((taken + 1) % 8192);
  }
  return count;
}

#elif defined(ARDUINO_ARCH_ESP32)

#include <ESP_I2S.h>  // of the ESP32 core 3.0 or later

#define PIN_CLOCK 26
#define PIN_SELECT 25
#define PIN_DATA 33

static I2SClass microphone;

static void begin_microphone() {
  microphone.setPins(PIN_CLOCK, PIN_SELECT, -1, PIN_DATA);
  if (!microphone.begin(I2S_MODE_STD, MIC_RATE, I2S_DATA_BIT_WIDTH_32BIT, I2S_SLOT_MODE_MONO, I2S_STD_SLOT_LEFT))
    Serial.println("no microphone");
}

// 24 bits in the upper part of 32 (INMP441 and the like), four times as loud.
static size_t read_microphone(int16_t *samples, size_t most) {
  static int32_t wide[KV_HOP];
  const size_t count = microphone.readBytes((char *)wide, 4 * (most < KV_HOP ? most : KV_HOP)) / 4;
  for (size_t i = 0; i < count; i++) {
    const int32_t x = wide[i] >> 14;
    samples[i] = (int16_t)(x < -32768L ? -32768L : x > 32767L ? 32767L : x);
  }
  return count;
}

#else

static void begin_microphone() {}

static size_t read_microphone(int16_t *samples, size_t most) {
  size_t count = 0;
  while (count < most && Serial.available() >= 2) {
    const uint16_t low = (uint8_t)Serial.read();
    samples[count++] = (int16_t)(low | (uint16_t)((uint16_t)(uint8_t)Serial.read() << 8));
  }
  return count;
}

#endif

void setup() {
  Serial.begin(230400);
  kv_reset(&ear);
  begin_microphone();
}

#if KV_LISTENS

void loop() {
  static int16_t samples[KV_HOP];
  kv_detection word;
  kv_push(&ear, samples, read_microphone(samples, KV_HOP));
  while (kv_detected(&ear, &word)) {
    if (word.outcome == KV_LABEL) {
      Serial.print(kv_labels[word.label]);
      Serial.print(' ');
      Serial.println(word.confidence);
    }
  }
}

#else

void loop() {
  static uint32_t frames = 0;
  static int16_t samples[KV_HOP];
  frames += (uint32_t)kv_push(&ear, samples, read_microphone(samples, KV_HOP));
#if KV_WORDS
  const bool decided = ear.words > 0;  // a pause has followed a word
#else
  const bool decided = frames * KV_HOP >= KV_SAMPLE_RATE;  // a decision a second
#endif
  if (decided) {
    kv_decision decision;
    kv_result(&ear, &decision);
    if (decision.outcome == KV_LABEL) {
      Serial.print(kv_labels[decision.label]);
      Serial.print(' ');
      Serial.println(decision.confidence);
    }
    kv_next(&ear);  // without words: forgets everything
    frames = 0;
  }
}

#endif
