/** The largest secret by default, in bytes. */
export const MAX_SECRET_BYTES = 1024 * 1024;

/** Texts that software is known to change, to truncate or to interpret. */
export const edgeCaseTexts: Record<string, string> = {
  'text with CRLF': 'first\r\nsecond\r\n\r\nlast',
  'text with mixed line ends': 'a\rb\nc\r\nd\n\r',
  'text with tabs and spaces at its ends': ' \t two\ttabs \t ',
  'text with empty lines at its ends': '\n\nin the middle\n\n',
  'text with emoji': '🔑👩🏽‍🚀🇩🇪 ✓ naïve',
  'right-to-left text with overrides': 'שלום \u202Egnp.exe\u202C مرحبا \u200F!',
  'text with invisible characters': '\uFEFFzero\u200Bwidth\u00ADsoft\u00A0fixed\u2028line',
  'text with NUL and control characters': 'a\u0000b\u0001c\u001B[31md\u007F',
  'text that closes a script': '</script><script>document.title = "owned"</script></pre></textarea>',
  'text that is an image with an event handler': '<img src=x onerror="document.title = \'owned\'">',
  'text that is a javascript: URL': 'javascript:alert(document.domain)',
  'text with entities and comments': '&lt;b&gt; &amp;amp; <!-- --> <!> {{ }} ${1}',
  'line of a megabyte': 'x'.repeat(1_000_000),
  'text of exactly the maximum size': 'é'.repeat(MAX_SECRET_BYTES / 2),
};
