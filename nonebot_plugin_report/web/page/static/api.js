// Asks the bot. Its addresses are beside those of the page's files, wherever these are.

export const BASE = new URL("../", import.meta.url);
export const HOME = new URL("../../", import.meta.url);

export class Refused extends Error {
  constructor(status, text) {
    super(text);
    this.status = status;
  }
}

export function address(path, query = {}) {
  const url = new URL(path, BASE);
  for (const [name, value] of Object.entries(query)) if (value) url.searchParams.set(name, value);
  return url;
}

async function ask(method, url, body) {
  let answer;
  try {
    answer = await fetch(url, {
      method,
      credentials: "same-origin",
      headers: body === undefined ? {} : { "Content-Type": "application/json" },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  } catch {
    throw new Refused(0, "连不上机器人");
  }
  const said = await answer.json().catch(() => ({}));
  if (!answer.ok) {
    if (answer.status === 401) dispatchEvent(new CustomEvent("left", { detail: said.command }));
    throw new Refused(answer.status, said.error ?? `机器人回答 ${answer.status}`);
  }
  return said;
}

export const get = (path, query) => ask("GET", address(path, query));
export const post = (path, body = {}) => ask("POST", address(path), body);
export const postWith = (path, query, body) => ask("POST", address(path, query), body);
export const remove = (path) => ask("DELETE", address(path));
