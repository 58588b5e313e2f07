// Stretches one passphrase with Argon2id, so that the page stays alive meanwhile.
import init, { stretch } from '/stretch/stretch.js';

onmessage = async ({ data: { passphrase, salt } }) => {
  try {
    await init({ module_or_path: '/stretch/stretch_bg.wasm' });
    postMessage(stretch(passphrase, salt));
  } catch (error) {
    postMessage(String(error?.message ?? error));
  }
};
