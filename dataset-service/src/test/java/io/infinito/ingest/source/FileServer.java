package io.infinito.ingest.source;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;

/** A web server of files with ETags and ranges, which fails as it is told to. */
public final class FileServer implements AutoCloseable {
    private final HttpServer server;
    private final Map<String, Answer> answers = new ConcurrentHashMap<>();
    private final Map<String, Deque<Fault>> faults = new ConcurrentHashMap<>();
    private final List<Seen> requests = new CopyOnWriteArrayList<>();
    private volatile String token = "";

    /** What a path is answered with. */
    public interface Answer {
        void send(HttpExchange exchange) throws IOException;
    }

    /** What goes wrong with one request, in place of the answer. */
    interface Fault {
        void happen(HttpExchange exchange, Answer answer) throws IOException;
    }

    /** A request that came. */
    record Seen(String method, String path, String range, String authorization) {}

    public FileServer() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setExecutor(Executors.newCachedThreadPool(task -> {
            Thread thread = new Thread(task, "file-server");
            thread.setDaemon(true);
            return thread;
        }));
        server.createContext("/", this::answer);
        server.start();
    }

    /** As the hub's token is sent to this name, and not to {@link #otherAddress}. */
    public String address() {
        return "http://localhost:" + server.getAddress().getPort();
    }

    /** The same server under another name. */
    public String otherAddress() {
        return "http://127.0.0.1:" + server.getAddress().getPort();
    }

    /** From now on refuses who comes by the first name without it. */
    public void requireToken(String required) {
        token = required;
    }

    /** Serves bytes with an ETag and ranges. */
    public FileServer file(String path, byte[] content, String etag) {
        return answer(path, exchange -> sendRange(exchange, content, etag));
    }

    /** Serves JSON or other text. */
    public FileServer text(String path, String text) {
        return answer(path, exchange -> send(exchange, 200, text.getBytes(StandardCharsets.UTF_8)));
    }

    /** Redirects with more headers. */
    public FileServer redirect(String path, String location, Map<String, String> headers) {
        return answer(path, exchange -> {
            headers.forEach((name, value) -> exchange.getResponseHeaders().set(name, value));
            exchange.getResponseHeaders().set("Location", location);
            send(exchange, 302, new byte[0]);
        });
    }

    public FileServer answer(String path, Answer answer) {
        answers.put(path, answer);
        return this;
    }

    /** Lets the next requests of a path fail, one after the other. */
    FileServer fail(String path, Fault... next) {
        faults.computeIfAbsent(path, p -> new ArrayDeque<>()).addAll(Arrays.asList(next));
        return this;
    }

    /** A status without a body. */
    static Fault status(int status) {
        return (exchange, answer) -> send(exchange, status, new byte[0]);
    }

    /** A status with a header. */
    static Fault status(int status, String header, String value) {
        return (exchange, answer) -> {
            exchange.getResponseHeaders().set(header, value);
            send(exchange, status, new byte[0]);
        };
    }

    /** A body that breaks off after some bytes. */
    static Fault breakAfter(int bytes, byte[] content, String etag) {
        return (exchange, answer) -> {
            int from = from(exchange, etag);
            exchange.getResponseHeaders().set("ETag", etag);
            if (from > 0) {
                exchange.getResponseHeaders()
                        .set("Content-Range", "bytes " + from + "-" + (content.length - 1) + "/" + content.length);
            }
            exchange.sendResponseHeaders(from > 0 ? 206 : 200, content.length - from);
            exchange.getResponseBody().write(content, from, bytes);
            exchange.getResponseBody().flush();
        };
    }

    /** Other bytes under the same name. */
    static Fault otherContent(byte[] content, String etag) {
        return (exchange, answer) -> {
            exchange.getResponseHeaders().set("ETag", etag);
            send(exchange, 200, content);
        };
    }

    /** The requests of a path, in their order. */
    List<Seen> requests(String path) {
        return requests.stream().filter(request -> request.path().equals(path)).toList();
    }

    /** All requests, in their order. */
    List<Seen> requests() {
        return requests;
    }

    @Override
    public void close() {
        server.stop(0);
    }

    private void answer(HttpExchange exchange) throws IOException {
        try (exchange) {
            String path = exchange.getRequestURI().getPath();
            String authorization = exchange.getRequestHeaders().getFirst("Authorization");
            requests.add(new Seen(
                    exchange.getRequestMethod(),
                    path,
                    exchange.getRequestHeaders().getFirst("Range"),
                    authorization));
            boolean byFirstName = exchange.getRequestHeaders().getFirst("Host").startsWith("localhost");
            if (!token.isEmpty() && (byFirstName != ("Bearer " + token).equals(authorization))) {
                send(exchange, byFirstName ? 401 : 400, new byte[0]);
                return;
            }
            Answer answer = answers.get(exchange.getRequestURI().toString());
            if (answer == null) {
                answer = answers.getOrDefault(path, missing -> send(missing, 404, new byte[0]));
            }
            Fault fault = Optional.ofNullable(faults.get(path)).map(Deque::poll).orElse(null);
            if (fault == null) {
                answer.send(exchange);
            } else {
                fault.happen(exchange, answer);
            }
        }
    }

    private static void sendRange(HttpExchange exchange, byte[] content, String etag) throws IOException {
        int from = from(exchange, etag);
        if (!etag.isEmpty()) {
            exchange.getResponseHeaders().set("ETag", etag);
        }
        if (from >= content.length && from > 0) {
            send(exchange, 416, new byte[0]);
        } else if (from > 0) {
            exchange.getResponseHeaders()
                    .set("Content-Range", "bytes " + from + "-" + (content.length - 1) + "/" + content.length);
            send(exchange, 206, Arrays.copyOfRange(content, from, content.length));
        } else {
            send(exchange, 200, content);
        }
    }

    private static int from(HttpExchange exchange, String etag) {
        String range = exchange.getRequestHeaders().getFirst("Range");
        String condition = exchange.getRequestHeaders().getFirst("If-Range");
        boolean holds = range != null && (condition == null || condition.equals(etag));
        return holds ? Integer.parseInt(range.substring("bytes=".length(), range.length() - 1)) : 0;
    }

    private static void send(HttpExchange exchange, int status, byte[] body) throws IOException {
        if (exchange.getRequestMethod().equals("HEAD")) {
            exchange.getResponseHeaders().set("Content-Length", Integer.toString(body.length));
            exchange.sendResponseHeaders(status, -1);
            return;
        }
        exchange.sendResponseHeaders(status, body.length == 0 ? -1 : body.length);
        exchange.getResponseBody().write(body);
    }
}
