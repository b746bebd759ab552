package io.infinito.ingest.source;

/** What becomes of bytes that are not UTF-8, and of halves of surrogate pairs in JSON. */
public enum EncodingErrors {
    /** The source is refused; the message has the file and the offset. */
    REFUSE,
    /** Each becomes U+FFFD. */
    REPLACE
}
