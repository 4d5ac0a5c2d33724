// SPDX-License-Identifier: Apache-2.0
// Files that deploy livecol, read by what npm has for them. NODE_DIR names the folder that holds node_modules.
//
//   node check_deploy.mjs dockerfile FILE         syntax, as dockerfile-utils knows it
//   node check_deploy.mjs kubernetes FILE         each document is a whole object: kubernetes-models knows its fields and their
//                                                 types; volumes, containers and policies name what is there
//   node check_deploy.mjs kubernetes FILE BASE    FILE is a strategic patch of the object in BASE
//
// A finding a line, and exit code 1. Otherwise each container of a manifest, a line: its name, a tab, its command and
// arguments, with a blank between.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";

const require = createRequire(process.env.NODE_DIR + "/");
const found = [];

function dockerfile(file) {
  for (const one of require("dockerfile-utils").validate(readFileSync(file, "utf8"))) {
    found.push(`${file}:${one.range.start.line + 1}: ${one.message}`);
  }
}

function documents(file) {
  const all = require("yaml").parseAllDocuments(readFileSync(file, "utf8"));
  for (const one of all) {
    for (const fault of [...one.errors, ...one.warnings]) found.push(`${file}: ${fault.message}`);
  }
  return all.map((one) => one.toJS());
}

// What Kubernetes finds an element of a list by, where a patch brings one.
const KEYS = { volumeMounts: "mountPath", containers: "name", initContainers: "name", volumes: "name", env: "name" };

function patched(base, patch, name) {
  if (Array.isArray(base) && Array.isArray(patch) && KEYS[name]) {
    const merged = base.map((one) => patched(one, patch.find((p) => p[KEYS[name]] === one[KEYS[name]]) ?? {}));
    return merged.concat(patch.filter((p) => !base.some((one) => one[KEYS[name]] === p[KEYS[name]])));
  }
  if (base && patch && typeof base === "object" && typeof patch === "object" && !Array.isArray(patch)) {
    const merged = { ...base };
    for (const field of Object.keys(patch)) {
      merged[field] = field in base ? patched(base[field], patch[field], field) : patch[field];
    }
    return merged;
  }
  return patch;
}

// An object that notes which of its fields were read: a field that the validation never asks for is none of Kubernetes'.
function watched(value, where, unread) {
  if (value === null || typeof value !== "object") return value;
  const copy = Array.isArray(value) ? [] : {};
  for (const field of Object.keys(value)) copy[field] = watched(value[field], `${where}.${field}`, unread);
  if (!Array.isArray(value)) for (const field of Object.keys(value)) unread.add(`${where}.${field}`);
  return new Proxy(copy, {
    get(target, field) {
      unread.delete(`${where}.${String(field)}`);
      return target[field];
    },
  });
}

function kubernetes(file, object) {
  const where = `${file}: ${object?.kind}`;
  let Model;
  try {
    Model = require(`kubernetes-models/${object.apiVersion}`)[object.kind];
  } catch {
    Model = undefined;
  }
  if (!Model) {
    found.push(`${where}: there is no such kind in ${object?.apiVersion}`);
    return;
  }
  if (!object.metadata?.name) found.push(`${where}: metadata.name is missing`);
  try {
    new Model(structuredClone(object)).validate();
  } catch (fault) {
    found.push(`${where}: ${fault.message}`);
  }
  const unread = new Set();
  const model = new Model({});
  for (const field of Object.keys(model)) delete model[field];
  Object.assign(model, watched(object, object.kind, unread));
  unread.delete(`${object.kind}.apiVersion`);
  unread.delete(`${object.kind}.kind`);
  try {
    model.validate();
  } catch {
    // said above
  }
  for (const field of unread) found.push(`${where}: no such field: ${field}`);

  const pod = object.spec.template.spec;
  const containers = [...(pod.initContainers ?? []), ...pod.containers];
  const volumes = (pod.volumes ?? []).map((one) => one.name);
  const mounted = containers.flatMap((one) => (one.volumeMounts ?? []).map((mount) => mount.name));
  for (const name of mounted.filter((one) => !volumes.includes(one))) found.push(`${where}: there is no volume ${name}`);
  for (const name of volumes.filter((one) => !mounted.includes(one))) found.push(`${where}: nobody mounts ${name}`);
  for (const one of containers.filter((c) => !c.image)) found.push(`${where}: ${one.name} has no image`);
  for (const rule of object.spec.podFailurePolicy?.rules ?? []) {
    const name = rule.onExitCodes?.containerName;
    if (name && !containers.some((one) => one.name === name)) found.push(`${where}: there is no container ${name}`);
  }
  if (found.length === 0) {
    for (const one of containers) console.log(`${one.name}\t${[...(one.command ?? []), ...(one.args ?? [])].join(" ")}`);
  }
}

const [what, file, base] = process.argv.slice(2);
if (what === "dockerfile") {
  dockerfile(file);
} else {
  const read = documents(file);
  const whole = base ? [patched(documents(base)[0], read[0])] : read;
  if (base && read.length !== 1) found.push(`${file}: a patch is one document`);
  for (const object of whole) kubernetes(file, object);
}
if (found.length > 0) {
  console.log(found.join("\n"));
  process.exitCode = 1;
}
