/** Most bytes of a secret, by default. */
export const LIMIT = 1024 * 1024;

/** What software is known to change, to swallow or to obey. */
export const oddTexts: Record<string, string> = {
  'a text with CRLF': 'first\r\nsecond\r\n\r\nlast',
  'a text with mixed line ends': 'a\rb\nc\r\nd\n\r',
  'a text with tabs and spaces at its ends': ' \t two\ttabs \t ',
  'a text that begins and ends with empty lines': '\n\nin the middle\n\n',
  'a text of emoji': '🔑👩🏽‍🚀🇩🇪 ✓ naïve',
  'a text from right to left, with overrides': 'שלום \u202Egnp.exe\u202C مرحبا \u200F!',
  'a text with invisible characters': '\uFEFFzero\u200Bwidth\u00ADsoft\u00A0fixed\u2028line',
  'a text with NUL and control characters': 'a\u0000b\u0001c\u001B[31md\u007F',
  'a text that closes a script': '</script><script>document.title = "owned"</script></pre></textarea>',
  'a text that is an image with a handler': '<img src=x onerror="document.title = \'owned\'">',
  'a text that is a javascript: address': 'javascript:alert(document.domain)',
  'a text of entities and comments': '&lt;b&gt; &amp;amp; <!-- --> <!> {{ }} ${1}',
  'a line of a megabyte': 'x'.repeat(1_000_000),
  'a text of exactly the limit': 'é'.repeat(LIMIT / 2),
};
