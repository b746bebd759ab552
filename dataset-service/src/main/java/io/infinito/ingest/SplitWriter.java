package io.infinito.ingest;

import io.infinito.dataset.v1.SplitManifest;
import io.infinito.ingest.source.RowConvention;
import io.infinito.ingest.source.Split;
import io.infinito.ingest.source.SplitText;
import io.infinito.ingest.source.TextRun;
import io.infinito.tokenizer.PieceCutter;

/** Sends the rows of one split as pieces of text. Of use to one thread. */
final class SplitWriter {
    private final Split split;
    private final SplitText text;
    private final PieceCutter cutter;
    private final PieceExchange exchange;
    private int pieces;

    SplitWriter(Split split, RowConvention convention, PieceExchange exchange, PreparationLimits limits) {
        this.split = split;
        this.exchange = exchange;
        this.cutter = new PieceCutter(
                limits.pieceBytes(), limits.maxPieceBytes(), piece -> exchange.send(split, pieces++, piece));
        this.text = new SplitText(convention, cutter::append);
    }

    void add(TextRun run) {
        text.add(run);
    }

    boolean isBlank() {
        return text.nonEmptyRows() == 0;
    }

    /** Rows so far. */
    long rows() {
        return text.rows();
    }

    /** UTF-8 bytes of text so far. */
    long bytes() {
        return text.bytes();
    }

    /** Sends what is left. */
    void finish() {
        cutter.finish();
    }

    /** What the split came to, once all shards are there. */
    SplitManifest manifest() {
        SplitShards shards = exchange.of(split);
        return SplitManifest.newBuilder()
                .setName(split.wireName())
                .setRows(text.rows())
                .setNonEmptyRows(text.nonEmptyRows())
                .setCharacters(text.characters())
                .setBytes(text.bytes())
                .setWords(text.words())
                .setTokens(shards.tokens())
                .setShards(shards.shards())
                .setDigest(shards.digest())
                .build();
    }
}
