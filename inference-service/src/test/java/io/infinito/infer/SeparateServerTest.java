package io.infinito.infer;

import io.quarkus.test.common.WithTestResource;
import io.quarkus.test.junit.QuarkusTest;
import org.eclipse.microprofile.config.inject.ConfigProperty;

/** gRPC on a port of its own. */
@QuarkusTest
@WithTestResource(Backends.class)
class SeparateServerTest extends CallsContract {
    @ConfigProperty(name = "quarkus.grpc.server.test-port")
    int port;

    @Override
    int port() {
        return port;
    }
}
