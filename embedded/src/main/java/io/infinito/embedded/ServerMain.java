package io.infinito.embedded;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.util.concurrent.Callable;

/**
 * What both server programs do around their server: announce {@code READY <address>} on standard output, log warnings to standard
 * error, and end in order on SIGTERM or when standard input ends, which it does when the parent dies, however it dies.
 */
final class ServerMain {
    /** A server that accepts connections, and how to end it. */
    record Started(String address, Stop stop) {}

    /** Ends a server in order. */
    interface Stop {
        void run() throws Exception;
    }

    private ServerMain() {}

    static void run(String name, String[] args, int expectedArgs, Callable<Started> start) {
        // The announcement has standard output to itself, whatever a library prints.
        PrintStream announcements = System.out;
        System.setOut(System.err);
        System.setProperty("org.slf4j.simpleLogger.defaultLogLevel", "warn");
        System.setProperty("org.slf4j.simpleLogger.showDateTime", "true");
        System.setProperty("org.slf4j.simpleLogger.dateTimeFormat", "yyyy-MM-dd HH:mm:ss.SSS");
        try {
            if (args.length != expectedArgs) {
                throw new IllegalArgumentException("expected DATA_DIR PORT, not " + args.length + " arguments");
            }
            Started started = start.call();
            Runtime.getRuntime().addShutdownHook(new Thread(() -> stop(name, started), "stop"));
            announcements.println("READY " + started.address());
            announcements.flush();
            awaitEndOfInput(System.in);
            System.exit(0);
        } catch (Exception e) {
            System.err.println("the embedded " + name + " cannot start: " + e.getMessage());
            System.exit(1);
        } catch (LinkageError e) {
            System.err.println("the embedded " + name + " cannot start: its class path is not complete: " + e);
            System.exit(1);
        }
    }

    private static void stop(String name, Started started) {
        try {
            started.stop().run();
        } catch (Exception e) {
            System.err.println("the embedded " + name + " did not end in order: " + e);
        }
    }

    private static void awaitEndOfInput(InputStream input) {
        try {
            input.transferTo(OutputStream.nullOutputStream());
        } catch (IOException e) {
            // A broken pipe tells the same as its end.
        }
    }
}
