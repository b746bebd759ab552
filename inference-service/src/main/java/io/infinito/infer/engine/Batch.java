package io.infinito.infer.engine;

import io.infinito.gpt.GptDecoder.Feed;
import java.util.ArrayList;
import java.util.List;

/**
 * One pass through a model: who is fed what.
 *
 * @param feeds a token of each sequence that is being decoded, then pieces of prompts
 * @param fed sequences that have a feed
 * @param answered the sequences of those feeds that get logits, in their order
 * @param decoded how many sequences are being decoded
 * @param read tokens of prompts
 */
record Batch(List<Feed> feeds, List<Generation> fed, List<Generation> answered, int decoded, int read) {
    /**
     * Everyone who is being decoded, and prompts as far as there is room, the first that came first.
     *
     * @param ready sequences of one model that can take a token
     * @param room tokens of prompts
     */
    static Batch plan(List<Generation> ready, int room) {
        List<Feed> feeds = new ArrayList<>();
        List<Generation> fed = new ArrayList<>();
        List<Generation> answered = new ArrayList<>();
        for (Generation generation : ready) {
            if (generation.unread() == 1) {
                feeds.addAll(generation.feeds(1));
                fed.add(generation);
                answered.add(generation);
            }
        }
        int decoded = fed.size();
        int read = 0;
        for (Generation generation : ready) {
            if (generation.unread() > 1 && read < room) {
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
        return new Batch(feeds, fed, answered, decoded, read);
    }
}
