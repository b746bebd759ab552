package io.infinito.standalone.stack;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** Where an installation keeps its log, its objects and its logs. One installation at a time: the lock goes with the process. */
public final class DataDirectory implements AutoCloseable {
    private static final long LEAST_FREE_BYTES = 512L << 20;

    private final Path root;
    private final FileChannel lockFile;

    private DataDirectory(Path root, FileChannel lockFile) {
        this.root = root;
        this.lockFile = lockFile;
    }

    /**
     * Makes the directory where it is missing and takes its lock.
     *
     * @throws StackFailure if it cannot be written, has no room, or belongs to a running installation
     */
    public static DataDirectory open(Path directory) {
        Path root = directory.toAbsolutePath().normalize();
        FileChannel channel = null;
        try {
            Files.createDirectories(root.resolve("logs"));
            requireRoom(root);
            channel = FileChannel.open(
                    root.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
            lock(root, channel);
            return new DataDirectory(root, channel);
        } catch (IOException e) {
            closeQuietly(channel);
            throw new StackFailure(
                    "cannot use the data directory " + root + " (" + reason(e)
                            + "): make room or choose another with --data DIR",
                    e);
        } catch (StackFailure e) {
            closeQuietly(channel);
            throw e;
        }
    }

    /** The directory itself. */
    public Path root() {
        return root;
    }

    /** A directory below it. */
    public Path of(String name) {
        return root.resolve(name);
    }

    /** The log of a process. */
    public Path log(String process) {
        return root.resolve("logs").resolve(process + ".log");
    }

    /** Gives the lock back. */
    @Override
    public void close() {
        closeQuietly(lockFile);
    }

    private static void lock(Path root, FileChannel channel) throws IOException {
        FileLock lock;
        try {
            lock = channel.tryLock();
        } catch (OverlappingFileLockException e) {
            lock = null;
        }
        if (lock == null) {
            throw new StackFailure("the data directory " + root + " belongs to a running installation (pid "
                    + owner(channel) + "): stop that one, or give --data DIR and --port-offset N for a second");
        }
        byte[] pid = String.valueOf(ProcessHandle.current().pid()).getBytes(StandardCharsets.UTF_8);
        channel.truncate(0);
        channel.write(ByteBuffer.wrap(pid), 0);
        channel.force(false);
    }

    private static String owner(FileChannel channel) throws IOException {
        ByteBuffer pid = ByteBuffer.allocate(32);
        channel.read(pid, 0);
        return new String(pid.array(), 0, pid.position(), StandardCharsets.UTF_8);
    }

    private static void requireRoom(Path root) throws IOException {
        long free = Files.getFileStore(root).getUsableSpace();
        if (free < LEAST_FREE_BYTES) {
            throw new StackFailure("only " + (free >> 20) + " MB are free in the data directory " + root + ": at least "
                    + (LEAST_FREE_BYTES >> 20) + " MB are needed, make room or choose another with --data DIR");
        }
    }

    private static String reason(IOException e) {
        if (e instanceof FileSystemException refused && refused.getReason() != null) {
            return refused.getFile() + ": " + refused.getReason();
        }
        return e.getClass().getSimpleName() + ": " + e.getMessage();
    }

    private static void closeQuietly(FileChannel channel) {
        if (channel != null) {
            try {
                channel.close();
            } catch (IOException e) {
                // The lock goes with the process at the latest.
            }
        }
    }
}
