// All cameras' frames over one connection: a browser opens six to a server at most, and a wall may have twenty cameras.

const AGAIN_MS = 2000;
let current = null;

/** Show every new frame with `show(camera, jpeg)` as long as the page is visible. */
export function watchPreviews(show) {
  const follow = () => {
    if (document.hidden) current?.abort();
    else if (!current) run(show);
  };
  document.addEventListener("visibilitychange", follow);
  follow();
}

async function run(show) {
  const stop = (current = new AbortController());
  while (!stop.signal.aborted) {
    try {
      for await (const frame of frames(stop.signal)) show(frame.camera, frame.jpeg);
    } catch (error) {
      if (error.name !== "AbortError" && !(error instanceof TypeError)) console.error(error);
    }
    if (!stop.signal.aborted) await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
  }
  current = null;
  if (!document.hidden) run(show);
}

/** A line of JSON with camera and length, then the JPEG, and so on. */
async function* frames(signal) {
  const response = await fetch("/api/previews", { signal });
  if (!response.ok) return;
  const reader = response.body.getReader(), decoder = new TextDecoder();
  let held = new Uint8Array(0);
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    held = joined(held, value);
    for (let line; (line = held.indexOf(10)) >= 0; ) {
      const { camera, bytes } = JSON.parse(decoder.decode(held.subarray(0, line)));
      const end = line + 1 + bytes;
      if (held.length < end) break;
      yield { camera, jpeg: held.slice(line + 1, end) };
      held = held.slice(end);
    }
  }
}

function joined(first, second) {
  const both = new Uint8Array(first.length + second.length);
  both.set(first);
  both.set(second, first.length);
  return both;
}
