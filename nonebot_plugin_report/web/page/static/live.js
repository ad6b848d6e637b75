// What is new, as it comes. The browser connects again by itself; where it gives up, we do.
// What nobody looks at is not followed: of one host a browser has six connections for all its tabs.

import { address, get } from "./api.js";

const AGAIN = 5000;

export class Live {
  constructor(told) {
    this.told = told;
    this.last = "";
    this.source = null;
    this.timer = 0;
    this.broken = false;
    this.seen = () => {
      if (document.hidden) this.cut();
      else if (!this.source) {
        this.connect();
        this.told.back();
      }
    };
  }

  start(after) {
    this.last = after || this.last;
    document.addEventListener("visibilitychange", this.seen);
    this.connect();
  }

  connect() {
    this.cut();
    const source = new EventSource(address("live", { after: this.last }));
    this.source = source;
    source.addEventListener("open", () => {
      if (this.broken) this.told.back();
      this.broken = false;
    });
    source.addEventListener("report", (event) => {
      if (!(parseFloat(event.lastEventId) < parseFloat(this.last))) this.last = event.lastEventId;
      this.told.report(JSON.parse(event.data));
    });
    source.addEventListener("gone", (event) => this.told.gone(JSON.parse(event.data)));
    source.addEventListener("muted", () => this.told.muted());
    source.addEventListener("missed", () => this.told.back());
    source.addEventListener("left", () => dispatchEvent(new Event("left")));
    source.addEventListener("error", () => {
      if (!this.broken) this.told.lost();
      this.broken = true;
      if (source.readyState === EventSource.CLOSED) {
        clearTimeout(this.timer);
        this.timer = setTimeout(async () => {
          await get("me").catch(() => {}); // who is not in any more is told so
          if (this.source === source) this.connect();
        }, AGAIN);
      }
    });
  }

  stop() {
    document.removeEventListener("visibilitychange", this.seen);
    this.cut();
  }

  cut() {
    clearTimeout(this.timer);
    this.source?.close();
    this.source = null;
  }
}
