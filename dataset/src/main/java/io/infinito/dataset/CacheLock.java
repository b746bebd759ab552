package io.infinito.dataset;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/**
 * The right to write one dataset into a cache. The operating system takes it back when a process dies. The lock's file stays: if it were
 * deleted, two processes could hold locks on two files of the same name.
 */
final class CacheLock implements AutoCloseable {
    private static final long POLL_NANOS = TimeUnit.MILLISECONDS.toNanos(100);
    /** Locks of files keep processes apart, not threads, and a process loses its lock when it closes the file anywhere. */
    private static final Set<Path> HELD_HERE = ConcurrentHashMap.newKeySet();

    private final Path file;
    private final FileChannel channel;

    private CacheLock(Path file, FileChannel channel) {
        this.file = file;
        this.channel = channel;
    }

    /** Waits for the lock until {@code stop} says not to, and tries at least once; empty if it did not get it. */
    static Optional<CacheLock> await(Path folder, String digest, BooleanSupplier stop) throws IOException {
        Path file = folder.toRealPath().resolve(digest + ".lock");
        Optional<CacheLock> lock = attempt(file);
        while (lock.isEmpty() && !stop.getAsBoolean()) {
            LockSupport.parkNanos(POLL_NANOS);
            lock = attempt(file);
        }
        return lock;
    }

    @Override
    public void close() throws IOException {
        try {
            channel.close();
        } finally {
            HELD_HERE.remove(file);
        }
    }

    private static Optional<CacheLock> attempt(Path file) throws IOException {
        if (!HELD_HERE.add(file)) {
            return Optional.empty();
        }
        FileChannel channel = null;
        FileLock lock = null;
        try {
            channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
            lock = channel.tryLock();
            return lock == null ? Optional.empty() : Optional.of(new CacheLock(file, channel));
        } finally {
            if (lock == null) {
                if (channel != null) {
                    channel.close();
                }
                HELD_HERE.remove(file);
            }
        }
    }
}
