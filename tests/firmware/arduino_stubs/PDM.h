// The interface of Arduino's library PDM.
struct PDMClass {
  int begin(int channels, int sampleRate);
  int available();
  int read(void *buffer, size_t size);
  void onReceive(void (*function)(void));
};
extern PDMClass PDM;
