/**
 * Text to token ids and back. {@link io.infinito.tokenizer.Tokenizer} holds one {@code tokenizer.json};
 * {@link io.infinito.tokenizer.StreamingDecoder} turns ids into text one by one; {@link io.infinito.tokenizer.PieceCutter} cuts a long
 * text where the ids do not notice.
 */
package io.infinito.tokenizer;
