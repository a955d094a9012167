// pyodide: runs the seed under CPython compiled to WebAssembly.  node pyodide.mjs TOP OUT
// The tree is mounted as a folder of the engine's; there are no threads, so the compile is called directly.
import { writeFileSync } from "node:fs";
import { loadPyodide } from "pyodide";

const [top, out] = process.argv.slice(2);
const python = await loadPyodide({ stdout: console.error, stderr: console.error });
python.mountNodeFS("/tree", top);
const status = python.runPython(`
import gc, os, sys
sys.dont_write_bytecode = True
sys.path.insert(0, '/tree/bootstrap/seed')
sys.setrecursionlimit(5000)
gc.disable()
os.chdir('/tree')
import zero_seed
zero_seed.run(['--lib', 'lib', 'compiler/main.0x0', '/tmp/zero-next'])
`);
if (status === 0) writeFileSync(out, python.FS.readFile("/tmp/zero-next"), { mode: 0o755 });
process.exit(status);
