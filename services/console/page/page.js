// The page fills itself from /status.json every two seconds. The token arrives in the URL's fragment, which no
// server or log ever sees, stays in this tab's session, and leaves the address bar at once.
"use strict";

const PERIOD_MS = 2000;
const $ = (id) => document.getElementById(id);
let formOf = "";

function token() {
  const given = new URLSearchParams(location.hash.slice(1)).get("token");
  if (given) {
    sessionStorage.setItem("token", given);
    history.replaceState(null, "", location.pathname);
  }
  return sessionStorage.getItem("token") || "";
}

const authorized = (options = {}) => ({ ...options, headers: { ...options.headers, authorization: `Bearer ${token()}` } });

function element(tag, text, attributes = {}) {
  const made = document.createElement(tag);
  if (text !== undefined) made.textContent = text;
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}

const figure = (value, digits = 1) => (value === null || value === undefined ? "–" : Number(value).toFixed(digits));

function duration(seconds) {
  if (seconds < 90) return `${Math.round(seconds)} s`;
  return seconds < 5400 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;
}

function table(services) {
  const made = element("table");
  const head = element("tr");
  for (const title of ["service", "replica", "health", "port", "up for"]) head.append(element("th", title));
  made.append(head);
  for (const service of services) {
    for (const replica of service.replicas) {
      const off = replica.state === "stopped";
      const row = element("tr");
      row.append(
        element("td", service.region || service.name),
        element("td", replica.slot),
        element("td", off ? "off" : replica.health, { class: off ? "stopped" : replica.health }),
        element("td", replica.port, { class: "mono" }),
        element("td", off ? "–" : duration(replica.uptime_s)),
      );
      made.append(row);
    }
  }
  return made;
}

function show({ status, release, example }) {
  const predictors = status.services.filter((service) => service.role === "predictor");
  $("summary").textContent = status.healthy ? "Every region answers." : release ? "A region does not answer." : "No release is served yet.";
  $("summary").className = status.healthy ? "healthy" : "unhealthy";
  $("rate").textContent = figure(status.rates.requests_per_s);
  $("p50").textContent = figure(status.rates.p50_ms);
  $("p95").textContent = figure(status.rates.p95_ms);
  $("depth").textContent = figure(status.queue_depth, 0);
  $("regions").replaceChildren(table(predictors));
  $("services").replaceChildren(table(status.services.filter((service) => service.role !== "predictor")));
  $("links").replaceChildren(link("/docs", "API"), ...Object.entries(status.links).map(([name, url]) => link(url, name)));
  if (release) {
    $("release").textContent = `${release.name} ${release.version} · ${status.release.slice(0, 12)} · commit ${release.git_commit.slice(0, 10)}`;
    $("metrics").replaceChildren(...Object.entries(release.metrics).map(([name, value]) => pair(name, figure(value, 4))));
    if (formOf !== status.release) drawForm(release.signature, example);
    formOf = status.release;
  }
}

function link(url, name) {
  const made = element("a", name, { href: url });
  const spaced = element("span");
  spaced.append(made, " ");
  return spaced;
}

function pair(name, value) {
  const made = element("div");
  made.append(element("dt", name), element("dd", value));
  return made;
}

function drawForm(signature, example) {
  const fields = signature.features.length ? signature.features.map((feature) => field(feature, example)) : [plain(example)];
  $("fields").replaceChildren(...fields);
}

function field(feature, example) {
  const label = element("label", feature.name, { title: feature.description });
  let input;
  if (feature.type === "category") {
    input = element("select", undefined, { name: feature.name });
    for (const value of feature.values) input.append(element("option", value, { value }));
  } else {
    input = element("input", undefined, { name: feature.name, type: "number", step: "any", min: feature.minimum, max: feature.maximum, required: "" });
    input.dataset.number = "";
  }
  input.value = example[feature.name];
  label.append(input);
  return label;
}

function plain(example) {
  const label = element("label", "tensors by name, as JSON", { class: "wide" });
  const input = element("textarea", JSON.stringify(example), { name: "json" });
  label.append(input);
  return label;
}

function instance(form) {
  if (form.elements.json) return JSON.parse(form.elements.json.value);
  const inputs = [...form.elements].filter((input) => input.name);
  return Object.fromEntries(inputs.map((input) => [input.name, "number" in input.dataset ? Number(input.value) : input.value]));
}

async function predict(event) {
  event.preventDefault();
  const answer = $("answer");
  try {
    const body = JSON.stringify({ instances: [instance(event.target)] });
    const response = await fetch("/predict", authorized({ method: "POST", body, headers: { "content-type": "application/json" } }));
    const said = await response.json();
    answer.className = response.ok ? "" : "problem";
    answer.textContent = response.ok ? words(said.predictions[0], response.headers.get("x-slipway-region")) : `${said.title}: ${said.detail || ""}`;
  } catch (error) {
    answer.className = "problem";
    answer.textContent = `No answer: ${error.message}`;
  }
}

function words(prediction, region) {
  const where = region ? ` — answered by ${region}` : "";
  if (!prediction.label) return JSON.stringify(prediction) + where;
  return `${prediction.label} (${(100 * prediction.probabilities[prediction.label]).toFixed(1)} %)${where}`;
}

async function refresh() {
  try {
    const response = await fetch("/status.json", authorized());
    $("unlock").hidden = response.status !== 401;
    $("content").hidden = !response.ok;
    if (response.ok) show(await response.json());
    else $("summary").textContent = response.status === 401 ? "Locked." : (await response.json()).title;
  } catch {
    $("summary").textContent = "The edge does not answer.";
    $("summary").className = "unhealthy";
  }
}

$("unlock").addEventListener("submit", (event) => {
  event.preventDefault();
  sessionStorage.setItem("token", $("token").value.trim());
  refresh();
});
$("predict").addEventListener("submit", predict);
refresh();
setInterval(() => document.hidden || refresh(), PERIOD_MS);
