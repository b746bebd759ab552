package io.infinito.ingest;

import io.infinito.dataset.v1.ShardPosition;
import io.infinito.dataset.v1.SplitManifest;
import io.infinito.ingest.source.RowConvention;
import io.infinito.ingest.source.Split;
import io.infinito.ingest.source.SplitText;
import io.infinito.tokenizer.PieceCutter;
import java.util.Collection;

/** Sends the rows of one split as pieces of text. Of use to one thread. */
final class SplitWriter {
    private final Split split;
    private final SplitText text;
    private final PieceCutter cutter;
    private final PieceExchange exchange;
    private int pieces;

    SplitWriter(Split split, RowConvention convention, PieceExchange exchange) {
        this.split = split;
        this.exchange = exchange;
        this.cutter = new PieceCutter(piece -> exchange.send(split.wireName(), pieces++, piece));
        this.text = new SplitText(convention, cutter::append);
    }

    void add(String row) {
        text.add(row);
    }

    boolean isBlank() {
        return text.nonEmptyRows() == 0;
    }

    /** Sends what is left. */
    void finish() {
        cutter.finish();
    }

    /** What the split came to, once all shards are there. */
    SplitManifest manifest() {
        Collection<ShardPosition> shards = exchange.positions(split.wireName()).values();
        return SplitManifest.newBuilder()
                .setName(split.wireName())
                .setRows(text.rows())
                .setNonEmptyRows(text.nonEmptyRows())
                .setCharacters(text.characters())
                .setTokens(shards.stream().mapToLong(ShardPosition::getTokens).sum())
                .addAllShards(shards)
                .build();
    }
}
