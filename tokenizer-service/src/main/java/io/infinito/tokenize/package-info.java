/**
 * The tokenizer service. {@link io.infinito.tokenize.TextPieces} turns pieces of text into token shards on Kafka;
 * {@link io.infinito.tokenize.TokenizerGrpc} and {@link io.infinito.tokenize.TokenizerResource} answer single requests.
 */
package io.infinito.tokenize;
