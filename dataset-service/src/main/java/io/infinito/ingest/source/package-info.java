/**
 * Where text comes from. A {@link io.infinito.ingest.source.SourceAddress} is what a request says;
 * {@link io.infinito.ingest.source.Sources} opens it as a {@link io.infinito.ingest.source.Corpus}, which gives the rows of its splits;
 * {@link io.infinito.ingest.source.SplitText} makes the text of them.
 */
package io.infinito.ingest.source;
