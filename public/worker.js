// Runs Argon2id for one passphrase, so that the page stays responsive meanwhile.
import init, { stretch } from '/stretch/stretch.js';

onmessage = async ({ data: { passphrase, salt } }) => {
  try {
    await init({ module_or_path: '/stretch/stretch_bg.wasm' });
  } catch (error) {
    // What fails in an asynchronous function is no error of the worker by itself.
    setTimeout(() => { throw error; });
    return;
  }
  try {
    postMessage(stretch(passphrase, salt));
  } catch (error) {
    postMessage(String(error?.message ?? error));
  }
};
