// A picture to search with: chosen, photographed, dropped or pasted. It is made smaller here first.

const MOST = 1024;

/** The picture as a JPEG of at most 1024 pixels a side, without what the camera wrote beside it. */
export async function smaller(file) {
  const bitmap = await createImageBitmap(file, { imageOrientation: "from-image" });
  const scale = Math.min(1, MOST / Math.max(bitmap.width, bitmap.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(bitmap.width * scale));
  canvas.height = Math.max(1, Math.round(bitmap.height * scale));
  const context = canvas.getContext("2d");
  context.fillStyle = "#fff"; // what is seen through
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  bitmap.close();
  const blob = await new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.9));
  if (!blob) throw new Error("not a picture");
  return blob;
}

/** A picture as a data URL, for a request that is JSON. */
export function dataUrl(blob) {
  return new Promise((done, failed) => {
    const reader = new FileReader();
    reader.onload = () => done(reader.result);
    reader.onerror = () => failed(reader.error);
    reader.readAsDataURL(blob);
  });
}

/** The first picture among files that were dropped or pasted, or null. */
export function pictureIn(transfer) {
  const files = [...(transfer?.files ?? [])];
  return files.find((file) => file.type.startsWith("image/")) ?? files[0] ?? null;
}

/** Calls `taken(file)` for what is dropped on `element` or pasted into the page; ends with `signal`. */
export function catching(element, taken, signal) {
  let depth = 0;
  const over = (on) => element.classList.toggle("dropping", on);
  const files = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");
  const listen = (where, type, task) => where.addEventListener(type, task, { signal });
  listen(document, "dragenter", (event) => files(event) && (depth += 1) && over(true));
  listen(document, "dragleave", (event) => files(event) && (depth = Math.max(0, depth - 1)) === 0 && over(false));
  listen(document, "dragover", (event) => files(event) && event.preventDefault());
  listen(document, "drop", (event) => {
    if (!files(event)) return;
    event.preventDefault();
    depth = 0;
    over(false);
    const file = pictureIn(event.dataTransfer);
    if (file) taken(file);
  });
  listen(document, "paste", (event) => {
    const file = pictureIn(event.clipboardData);
    if (!file) return;
    event.preventDefault();
    taken(file);
  });
}
