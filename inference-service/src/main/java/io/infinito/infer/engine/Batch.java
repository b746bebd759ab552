package io.infinito.infer.engine;

import io.infinito.gpt.GptDecoder.Feed;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** One pass through a model: who is fed what. */
final class Batch {
    private final List<Feed> feeds = new ArrayList<>();
    private final Set<Generation> fed = new LinkedHashSet<>();
    private final List<Generation> answered = new ArrayList<>();
    private int decoded;
    private int read;

    private Batch() {}

    /**
     * Everyone who is being decoded; then, as far as there is room, what streams will need once their context is full, the first that it
     * will be full for, and prompts, the first that came first. Of prompts a piece is read in any case.
     *
     * @param ready sequences of one model that can take a token, the first that came first
     * @param room tokens that may be read
     */
    static Batch plan(List<Generation> ready, int room) {
        Batch batch = new Batch();
        List<Generation> decoding = new ArrayList<>();
        List<Generation> sliding = new ArrayList<>();
        List<Generation> prompts = new ArrayList<>();
        for (Generation generation : ready) {
            if (generation.unread() == 1) {
                decoding.add(generation);
            } else {
                (generation.completionTokens() > 0 ? sliding : prompts).add(generation);
            }
        }
        decoding.forEach(batch::decode);
        int streams = prompts.isEmpty() ? room : Math.max(PrefillBudget.PIECE, room - PrefillBudget.PIECE);
        // Those that could not be read ahead in time: too many at once, or too slow a machine.
        batch.read(sliding, streams);
        batch.readAhead(decoding, streams);
        batch.read(prompts, Math.max(room, batch.read + PrefillBudget.PIECE));
        return batch;
    }

    private void decode(Generation generation) {
        feeds.addAll(generation.feeds(1));
        fed.add(generation);
        answered.add(generation);
        decoded++;
    }

    private void read(List<Generation> generations, int room) {
        for (Generation generation : generations) {
            if (read < room) {
                List<Feed> pieces = generation.feeds(room - read);
                feeds.addAll(pieces);
                fed.add(generation);
                for (Feed piece : pieces) {
                    read += piece.ids().length;
                }
                if (pieces.get(pieces.size() - 1).answered()) {
                    answered.add(generation);
                }
            }
        }
    }

    private void readAhead(List<Generation> decoding, int room) {
        List<Generation> byNeed = decoding.stream()
                .sorted(Comparator.comparingInt(Generation::stepsToSlide))
                .toList();
        for (Generation generation : byNeed) {
            Feed piece = read < room ? generation.ahead() : null;
            if (piece != null) {
                feeds.add(piece);
                read += piece.ids().length;
            }
        }
    }

    /** A token of each sequence that is being decoded, then pieces of what is read. */
    List<Feed> feeds() {
        return feeds;
    }

    /** Sequences that have a feed. */
    Set<Generation> fed() {
        return fed;
    }

    /** The sequences of those feeds that get logits, in their order. */
    List<Generation> answered() {
        return answered;
    }

    /** How many sequences are being decoded. */
    int decoded() {
        return decoded;
    }

    /** Tokens that are read. */
    int read() {
        return read;
    }
}
