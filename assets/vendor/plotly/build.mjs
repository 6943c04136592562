// Makes plotly-scatter-heatmap.min.js and LICENSE of scatter-heatmap.js. In an empty folder:
//   npm install plotly.js@VERSION esbuild && node .../assets/vendor/plotly/build.mjs
// The published bundles are wrapped in one function for module loaders: a browser compiles that twice.
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const modules = join(process.cwd(), "node_modules");
const { build } = createRequire(join(process.cwd(), "index.js"))("esbuild");
const { version } = JSON.parse(readFileSync(join(modules, "plotly.js", "package.json")));

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
