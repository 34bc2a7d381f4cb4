// Says what was spoken, on the serial port. The microphone is yours to read: fill `samples` with int16 at KV_SAMPLE_RATE.
#include <kilovox.h>

static kv_recogniser ear;

// Replace with your microphone (PDM, I2S or analogue). Returns the number of new samples.
static size_t read_microphone(int16_t *samples, size_t most) {
  (void)samples;
  (void)most;
  return 0;
}

void setup() {
  Serial.begin(115200);
  kv_reset(&ear);
}

void loop() {
  static uint32_t frames = 0;
  int16_t samples[KV_HOP];
  frames += kv_push(&ear, samples, read_microphone(samples, KV_HOP));
#if KV_WORDS
  const bool decided = ear.words > 0;  // a pause has followed a word
#else
  const bool decided = frames * KV_HOP >= KV_SAMPLE_RATE;  // a decision a second
#endif
  if (decided) {
    kv_decision decision;
    kv_result(&ear, &decision);
    Serial.print(kv_labels[decision.label]);
    Serial.print(' ');
    Serial.println(decision.confidence);
#if KV_WORDS
    kv_next(&ear);
#else
    kv_reset(&ear);
#endif
    frames = 0;
  }
}
