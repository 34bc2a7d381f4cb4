/* The microphone, as the browser lends it, to the worker: audio graph, permission, and what to do where there is none. */

const SECONDS = 0.04; // of sound told of at once
const LOW_RATE = 16000; // Hz

const EXPLAINED = {
  NotAllowedError: "The microphone was refused. Allow it by the icon beside the address, or in the browser's settings for this page, and press the button again.",
  NotFoundError: "No microphone was found. Plug one in and press the button again; a sound file or an example needs none.",
  NotReadableError: "The microphone is there and gives nothing: another program may hold it. Close that one and press the button again.",
  OverconstrainedError: "The microphone that was chosen is gone. Choose another one and press the button again.",
  InsecureError: "Browsers lend the microphone to pages of https:// and of this very machine (127.0.0.1) alone. A sound file or an example needs none.",
};

export function explained(error) {
  return EXPLAINED[error.name] ?? `The microphone could not be opened (${error.name}: ${error.message}).`;
}

/** An audio graph for a stream, and its source; `rate`: of the model. At a low rate the audio thread wakes a third as often; not
 * every browser has one. */
function heardAt(stream, rate) {
  const wanted = { latencyHint: "playback", sinkId: { type: "none" } };
  for (const sampleRate of [Math.max(LOW_RATE, rate), undefined]) {
    let context = null;
    try {
      context = new AudioContext(sampleRate ? { ...wanted, sampleRate } : wanted);
      return [context, context.createMediaStreamSource(stream)];
    } catch (error) {
      context?.close();
      if (sampleRate === undefined) throw error;
    }
  }
}

/** Open it: { stop, port, devices, device }. port: where samples at `rate` come; onEnd: called where it is unplugged; onPause: where
 * the browser stops the sound, as for a call. Rejects as getUserMedia. */
export async function listen({ rate, deviceId, onEnd, onPause }) {
  if (!navigator.mediaDevices) throw new DOMException("", "InsecureError");
  // What the browser would do to the sound for telephony, the recogniser was not trained on.
  const wanted = { echoCancellation: false, noiseSuppression: false, autoGainControl: false, channelCount: 1 };
  if (deviceId) wanted.deviceId = { exact: deviceId };
  const stream = await navigator.mediaDevices.getUserMedia({ audio: wanted });
  let context = null;
  const stop = () => {
    for (const track of stream.getTracks()) track.stop();
    if (context && context.state !== "closed") context.close();
  };
  try {
    let source;
    [context, source] = heardAt(stream, rate);
    await context.audioWorklet.addModule("capture.mjs");
    const node = new AudioWorkletNode(context, "capture", { numberOfOutputs: 0, processorOptions: { rate, seconds: SECONDS } });
    const { port1, port2 } = new MessageChannel();
    node.port.postMessage({ port: port1 }, [port1]);
    source.connect(node);
    const [track] = stream.getAudioTracks();
    track.addEventListener("ended", onEnd);
    context.resume().catch(() => {}); // where it does not begin, nothing comes, which is told
    context.addEventListener("statechange", () => {
      if (context.state !== "running" && context.state !== "closed") onPause();
    });
    const all = await navigator.mediaDevices.enumerateDevices();
    return { stop, port: port2, devices: all.filter((one) => one.kind === "audioinput"), device: track.getSettings().deviceId };
  } catch (error) {
    stop();
    throw error;
  }
}
