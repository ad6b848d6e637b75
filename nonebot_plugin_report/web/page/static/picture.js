// Pictures as large as they are: pinch, double tap, swipe, or keys.

import { address } from "./api.js";
import { h } from "./dom.js";

const MOST = 8;
const SWIPE = 60;

export function showPictures(one, first, from) {
  let number = first;
  let scale = 1, x = 0, y = 0;
  let moved = false, tapped = 0;
  const fingers = new Map();
  const image = h("img", { alt: "", draggable: "false" });
  const said = h("p", { class: "count", role: "status" });
  const step = (by, name, text) => h("button", { type: "button", class: name, "aria-label": text, onclick: () => go(by) }, by < 0 ? "‹" : "›");
  const several = one.pictures > 1;
  const dialog = h("dialog", { class: "viewer", "aria-label": "图片" },
    image, said, several && step(-1, "before", "上一张"), several && step(1, "after", "下一张"),
    h("button", { type: "button", class: "close", "aria-label": "关闭", onclick: () => dialog.close() }, "✕"));

  function place() {
    image.style.transform = `translate(${x}px, ${y}px) scale(${scale})`;
  }

  function reset() {
    [scale, x, y] = [1, 0, 0];
    place();
  }

  function go(by) {
    number = (number + by + one.pictures) % one.pictures;
    image.src = address(`reports/${one.id}/pictures/${number}`);
    image.alt = `图片 ${number + 1}，共 ${one.pictures} 张`;
    said.textContent = several ? `${number + 1} / ${one.pictures}` : "";
    reset();
  }

  function zoom(to, at) {
    const next = Math.min(MOST, Math.max(1, to));
    const box = dialog.getBoundingClientRect();
    const [dx, dy] = [at.x - box.width / 2, at.y - box.height / 2];
    x = dx - (dx - x) * (next / scale);
    y = dy - (dy - y) * (next / scale);
    scale = next;
    if (scale === 1) [x, y] = [0, 0];
    place();
  }

  const apart = () => {
    const [a, b] = [...fingers.values()];
    return { distance: Math.hypot(a.x - b.x, a.y - b.y), x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 };
  };
  let begun = null;

  image.addEventListener("error", () => { said.textContent = "这张图片已经清理了，或者看不了"; });
  dialog.addEventListener("pointerdown", (event) => {
    if (event.target.closest("button")) return;
    dialog.setPointerCapture(event.pointerId);
    fingers.set(event.pointerId, { x: event.clientX, y: event.clientY, from: { x: event.clientX, y: event.clientY } });
    moved = false;
    if (fingers.size === 2) begun = { ...apart(), scale };
  });
  dialog.addEventListener("pointermove", (event) => {
    const finger = fingers.get(event.pointerId);
    if (!finger) return;
    const [dx, dy] = [event.clientX - finger.x, event.clientY - finger.y];
    Object.assign(finger, { x: event.clientX, y: event.clientY });
    if (Math.hypot(finger.x - finger.from.x, finger.y - finger.from.y) > 8) moved = true;
    if (fingers.size === 2 && begun) {
      const now = apart();
      zoom(begun.scale * now.distance / begun.distance, now);
    } else if (scale > 1) {
      x += dx;
      y += dy;
      place();
    }
  });
  const up = (event) => {
    const finger = fingers.get(event.pointerId);
    fingers.delete(event.pointerId);
    if (!finger || fingers.size > 0) return;
    const pinched = begun;
    begun = null;
    const [dx, dy] = [finger.x - finger.from.x, finger.y - finger.from.y];
    if (!moved) {
      const twice = event.timeStamp - tapped < 350;
      tapped = twice ? 0 : event.timeStamp;
      if (twice) zoom(scale > 1 ? 1 : 3, { x: finger.x, y: finger.y });
    } else if (scale === 1 && !pinched) {
      if (several && Math.abs(dx) > SWIPE && Math.abs(dx) > Math.abs(dy)) go(dx < 0 ? 1 : -1);
      else if (dy > 2 * SWIPE && dy > Math.abs(dx)) dialog.close();
    }
  };
  dialog.addEventListener("pointerup", up);
  dialog.addEventListener("pointercancel", up);
  dialog.addEventListener("wheel", (event) => {
    event.preventDefault();
    zoom(scale * (event.deltaY < 0 ? 1.2 : 1 / 1.2), { x: event.clientX, y: event.clientY });
  }, { passive: false });
  dialog.addEventListener("keydown", (event) => {
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (by && several) go(by);
    const to = { "+": scale * 1.5, "=": scale * 1.5, "-": scale / 1.5, 0: 1 }[event.key];
    if (to) zoom(to, { x: innerWidth / 2, y: innerHeight / 2 });
  });
  dialog.addEventListener("close", () => { dialog.remove(); from.focus(); });
  document.body.append(dialog);
  go(0);
  dialog.showModal();
}
