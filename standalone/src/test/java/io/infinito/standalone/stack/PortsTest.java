package io.infinito.standalone.stack;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class PortsTest {
    @Test
    void everyPortMovesByTheOffset() {
        assertThat(new Ports(0).address(Port.BROKER)).isEqualTo("127.0.0.1:9092");
        assertThat(new Ports(100).url(Port.S3)).isEqualTo("http://127.0.0.1:9200");
        assertThat(Arrays.stream(Port.values()).map(new Ports(7)::of)).doesNotHaveDuplicates();
    }

    @Test
    void anOffsetThatLeavesTheRangeOfPortsIsRefused() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new Ports(-1))
                .withMessage("--port-offset -1: must be 0 to 50000");
        assertThatIllegalArgumentException().isThrownBy(() -> new Ports(60_000));
        assertThat(new Ports(50_000).of(Port.S3)).isLessThan(65_536);
    }

    @Test
    void takenPortsAreNamedWithWhoWantsThem() throws IOException {
        Ports ports = FreePorts.find();
        ports.requireFree();
        try (ServerSocket taken = new ServerSocket(ports.of(Port.TRAINER_HTTP), 1, InetAddress.getLoopbackAddress())) {
            assertThat(taken.isBound()).isTrue();
            assertThatThrownBy(ports::requireFree)
                    .isInstanceOf(StackFailure.class)
                    .hasMessage("port " + taken.getLocalPort() + " (trainer HTTP) is taken: stop what listens there, "
                            + "or choose others with --port-offset N");
        }
    }
}
