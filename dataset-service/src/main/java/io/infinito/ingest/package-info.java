/**
 * The dataset service. {@link io.infinito.ingest.DatasetRequests} takes a request, {@link io.infinito.ingest.DatasetPreparer} answers it,
 * {@link io.infinito.ingest.PieceExchange} sends the text to the tokenizers and collects what they make of it, and
 * {@link io.infinito.ingest.DatasetCatalog} knows every manifest.
 */
package io.infinito.ingest;
