// Makes plotly-scatter-heatmap.min.js and LICENSE of scatter-heatmap.js. In an empty folder:
//   npm install plotly.js@VERSION esbuild acorn@8 && node .../assets/vendor/plotly/build.mjs
// The published bundles are wrapped in one function for module loaders: a browser compiles that twice. As in them, what
// describes each setting to a reader is left out.
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const modules = join(process.cwd(), "node_modules");
const installed = createRequire(join(process.cwd(), "index.js"));
const { build } = installed("esbuild");
const { parse } = installed("acorn");
const { version } = JSON.parse(readFileSync(join(modules, "plotly.js", "package.json")));

function* nodes(tree) {
  yield tree;
  for (const part of Object.values(tree).flat()) if (typeof part?.type === "string") yield* nodes(part);
}

// Whether `value` is a text, or is put together from texts.
function isText(value) {
  if (value.type === "Literal") return typeof value.value === "string";
  if (value.type === "BinaryExpression") return isText(value.left) && isText(value.right);
  if (value.type === "ArrayExpression") return value.elements.every(isText);
  return value.type === "CallExpression" && value.callee.property?.name === "join" && isText(value.callee.object);
}

const undescribed = {
  name: "undescribed",
  setup({ onLoad }) {
    onLoad({ filter: /plotly\.js[/\\]src[/\\].*\.js$/ }, ({ path }) => {
      let contents = readFileSync(path, "utf8");
      const found = [...nodes(parse(contents, { ecmaVersion: "latest", allowReturnOutsideFunction: true }))];
      const texts = found.filter((n) => n.type === "Property" && n.key.name === "description" && isText(n.value));
      for (const { start, end } of texts.reverse()) {
        contents = contents.slice(0, start) + contents.slice(end).replace(/^\s*,/, "");
      }
      return { contents };
    });
  },
};

const made = await build({
  entryPoints: [join(here, "scatter-heatmap.js")],
  outfile: join(here, "plotly-scatter-heatmap.min.js"),
  banner: { js: `/* plotly.js (scatter, heatmap - minified) v${version} - LICENSE beside it has what it is made of */` },
  bundle: true,
  minify: true,
  metafile: true,
  legalComments: "none",
  format: "iife",
  globalName: "Plotly",
  target: "es2020",
  define: { global: "window" },
  loader: { ".css": "empty" }, // of maps
  nodePaths: [modules],
  plugins: [undescribed],
});

const [output] = Object.values(made.metafile.outputs);
const packages = Object.keys(output.inputs).map((path) => path.match(/node_modules\/((?:@[^/]+\/)?[^/]+)\//)?.[1]);
const texts = [...new Set(packages)].filter(Boolean).sort().map((name) => {
  const folder = join(modules, name);
  const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
  const { license, author } = JSON.parse(readFileSync(join(folder, "package.json")));
  const short = `${license}${author ? `, ${author.name ?? author}` : ""}\n`;
  return `== ${name}\n\n${file ? readFileSync(join(folder, file), "utf8").trim() + "\n" : short}`;
});
writeFileSync(join(here, "LICENSE"), texts.join("\n"));
