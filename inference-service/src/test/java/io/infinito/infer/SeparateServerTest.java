package io.infinito.infer;

import io.quarkus.test.common.WithTestResource;
import io.quarkus.test.junit.QuarkusTest;

/** gRPC on a port of its own. */
@QuarkusTest
@WithTestResource(Backends.class)
class SeparateServerTest extends CallsContract {}
