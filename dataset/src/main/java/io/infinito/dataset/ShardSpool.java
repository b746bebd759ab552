package io.infinito.dataset;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Writes shards to disk as they arrive and puts them in order afterwards: where a shard belongs is known only when all before it are
 * there. Needs twice the space of the largest split for that time.
 */
final class ShardSpool implements ShardStore, Closeable {
    private final Path folder;
    private final Map<String, FileChannel> arrivals = new HashMap<>();

    /** Writes into {@code folder}, which is empty. */
    ShardSpool(Path folder) {
        this.folder = folder;
    }

    @Override
    public long keep(String split, ByteBuffer ids) throws IOException {
        FileChannel channel = arrivals.get(split);
        if (channel == null) {
            channel = FileChannel.open(
                    file(split), StandardOpenOption.CREATE_NEW, StandardOpenOption.READ, StandardOpenOption.WRITE);
            arrivals.put(split, channel);
        }
        long position = channel.position();
        while (ids.hasRemaining()) {
            channel.write(ids);
        }
        return position;
    }

    /** Makes the token file of a split of which all shards are there. */
    void order(SplitShards split) throws IOException {
        Path tokens = CacheEntry.tokens(folder, split.name());
        try (FileChannel from = arrivals.remove(split.name())) {
            List<SplitShards.Place> places = split.inOrder();
            if (from == null) {
                Files.createFile(tokens);
            } else if (isInOrder(places, from.size())) {
                Files.move(file(split.name()), tokens);
            } else {
                copy(from, places, tokens);
                Files.delete(file(split.name()));
            }
        }
    }

    @Override
    public void close() throws IOException {
        for (FileChannel channel : arrivals.values()) {
            channel.close();
        }
    }

    private Path file(String split) {
        return folder.resolve(split + ".arrivals");
    }

    private static boolean isInOrder(List<SplitShards.Place> places, long size) {
        long end = 0;
        for (SplitShards.Place place : places) {
            // An empty shard is anywhere.
            if (place.bytes() > 0 && place.position() != end) {
                return false;
            }
            end += place.bytes();
        }
        return end == size;
    }

    private static void copy(FileChannel from, List<SplitShards.Place> places, Path file) throws IOException {
        try (FileChannel to = FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            for (SplitShards.Place place : places) {
                long end = place.position() + place.bytes();
                for (long at = place.position(); at < end; ) {
                    at += from.transferTo(at, end - at, to);
                }
            }
        }
    }
}
