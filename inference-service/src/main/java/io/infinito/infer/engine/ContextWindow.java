package io.infinito.infer.engine;

import io.infinito.gpt.GptDecoder.Feed;
import io.infinito.gpt.KvCache;
import io.infinito.infer.model.LoadedModel;
import io.infinito.infer.sampling.TokenHistory;
import java.util.ArrayList;
import java.util.List;

/**
 * The part of a sequence that the model sees: up to one context, and once that is full its last three quarters. GPT-2's positions are
 * absolute, so the tokens that stay are read again. That is hundreds of tokens, and the stream would stand still meanwhile: so they are read
 * into a second cache during the last quarter, a piece now and then beside what is decoded, and the window slides by changing over to it.
 *
 * <p>Where a piece begins and ends depends on its place in the window alone, so that what the model computes does not depend on who else
 * runs, nor on how far reading ahead has come.
 */
final class ContextWindow implements AutoCloseable {
    private final LoadedModel model;
    private final TokenHistory history;
    /** Tokens that the sequence may come to. */
    private final int most;
    /** Tokens that stay behind a full context. */
    private final int kept;

    private KvCache cache;
    /** Where in the history the cache begins. */
    private int start;
    /** Of the window after this one; null until it is begun. */
    private KvCache next;

    /** @param most tokens that the sequence may come to, the prompt included: nothing is read ahead that cannot be needed */
    ContextWindow(LoadedModel model, TokenHistory history, int most) {
        this.model = model;
        this.history = history;
        this.most = most;
        cache = model.newCache();
        kept = Math.max(1, cache.capacity() * 3 / 4);
    }

    /** How many tokens it has to be fed with before the next is sampled; 1 while it is being decoded. */
    int unread() {
        if (cache.length() == cache.capacity()) {
            slide();
        }
        return history.length() - start - cache.length();
    }

    private void slide() {
        start = nextStart();
        if (next == null) {
            cache.truncate(0);
        } else {
            cache.close();
            cache = next;
            next = null;
        }
    }

    private int nextStart() {
        return start + cache.capacity() + 1 - kept;
    }

    /**
     * What it has to be fed with next, in pieces.
     *
     * @param room tokens in all; the last piece may be longer by less than one of {@link PrefillBudget#PIECE}
     */
    List<Feed> feeds(int room) {
        List<Feed> feeds = new ArrayList<>();
        int position = cache.length();
        int last = position + unread();
        int end = Math.min(last, position + room);
        while (position < end) {
            int pieceEnd = Math.min(last, start == 0 ? multiple(position) : pieceEnd(position));
            feeds.add(new Feed(cache, history.range(start + position, start + pieceEnd), pieceEnd == last));
            position = pieceEnd;
        }
        return feeds;
    }

    /**
     * The next piece of the window after this one.
     *
     * @return null if its tokens are not there yet, or it is too early to know that they will be needed
     */
    Feed ahead() {
        boolean early = stepsLeft() > cache.capacity() - kept;
        if (early || most <= start + cache.capacity() + 1) {
            return null;
        }
        int position = next == null ? 0 : next.length();
        int from = nextStart() + position;
        int to = nextStart() + pieceEnd(position);
        if (position == kept - 1 || to > history.length()) {
            return null;
        }
        if (next == null) {
            next = model.newCache();
        }
        return new Feed(next, history.range(from, to), false);
    }

    /** Tokens that it can still be fed with until it slides. */
    int stepsLeft() {
        return cache.capacity() - cache.length();
    }

    /**
     * Where a piece ends in a window that has slid. The newest token is a piece of its own, as it is decoded; the pieces before it become
     * smaller and smaller, so that there is little to read in the last moment.
     */
    private int pieceEnd(int position) {
        int end = multiple(position);
        int beforeNewest = kept - 1 - position;
        return end < kept || beforeNewest < 0 ? end : position + Math.max(1, Integer.highestOneBit(beforeNewest));
    }

    private static int multiple(int position) {
        return (position / PrefillBudget.PIECE + 1) * PrefillBudget.PIECE;
    }

    @Override
    public void close() {
        cache.close();
        if (next != null) {
            next.close();
        }
    }
}
