package io.infinito.embedded;

import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import org.gaul.s3proxy.S3Proxy;
import org.gaul.s3proxy.auth.AuthenticationType;
import org.gaul.s3proxy.nio2blob.FilesystemNio2BlobStore;

/**
 * An S3 server over a directory: {@code java ... EmbeddedS3 DATA_DIR PORT}. Create-only writes ({@code If-None-Match: *}) are atomic;
 * conditional replacement ({@code If-Match}) is not, and must not be relied on.
 */
public final class EmbeddedS3 {
    /** Environment variable with the access key; arguments would show in the process list. */
    public static final String ACCESS_KEY = "EMBEDDED_S3_ACCESS_KEY";
    /** Environment variable with the secret key. */
    public static final String SECRET_KEY = "EMBEDDED_S3_SECRET_KEY";

    private EmbeddedS3() {}

    /**
     * Serves until it is told to end (see {@link ServerMain}).
     *
     * @param args the data directory and the port, 0 for a free one
     */
    public static void main(String[] args) {
        ServerMain.run("S3 server", args, 2, () -> start(Path.of(args[0]), LoopbackPort.reserve("S3 server", args[1])));
    }

    private static ServerMain.Started start(Path dataDir, int port) throws Exception {
        Path objects = Files.createDirectories(dataDir.resolve("objects")).toAbsolutePath();
        URI endpoint = URI.create("http://" + LoopbackPort.HOST + ":" + port);
        S3Proxy server = S3Proxy.builder()
                .blobStore(new FilesystemNio2BlobStore(objects.toString()))
                .endpoint(endpoint)
                .awsAuthentication(AuthenticationType.AWS_V2_OR_V4, environment(ACCESS_KEY), environment(SECRET_KEY))
                .build();
        server.start();
        return new ServerMain.Started(endpoint.toString(), server::stop);
    }

    private static String environment(String name) {
        String value = System.getenv(name);
        if (value == null || value.isBlank()) {
            throw new IllegalArgumentException(
                    "environment variable " + name + " is missing: set it to the key to accept");
        }
        return value;
    }
}
