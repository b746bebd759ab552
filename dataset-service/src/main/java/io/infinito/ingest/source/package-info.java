/**
 * Where text comes from. A {@link io.infinito.ingest.source.SourceAddress} is what a request says, and
 * {@link io.infinito.ingest.source.CorpusRules} how it wants the text taken; {@link io.infinito.ingest.source.Sources} opens both as a
 * {@link io.infinito.ingest.source.Corpus}, which gives the rows of its splits; {@link io.infinito.ingest.source.SplitText} makes the text
 * of them. In between, a source lists its files, {@link io.infinito.ingest.source.FileFormat} says how each is read and
 * {@link io.infinito.ingest.source.FileCorpus} puts them into splits.
 */
package io.infinito.ingest.source;
