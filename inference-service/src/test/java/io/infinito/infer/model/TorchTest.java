package io.infinito.infer.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.ndarray.NDManager;
import io.infinito.gpt.WeightFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TorchTest {
    @ParameterizedTest
    @CsvSource({"AUTO, INT8, BF16", "FP32, FP32, FP32", "FP16, FP16,", "INT8, INT8,", "MIXED, MIXED,", "BF16,, BF16"})
    void aFormatGoesWithItsDevices(FormatChoice choice, WeightFormat cpu, WeightFormat cuda) {
        assertThat(choice.on(false).orElse(null)).isEqualTo(cpu);
        assertThat(choice.on(true).orElse(null)).isEqualTo(cuda);
    }

    @Test
    void refusesAFormatThatTheDeviceDoesNotHave() {
        Torch torch = new Torch(DeviceChoice.CPU, 1, FormatChoice.BF16);
        try (NDManager manager = torch.newManager()) {
            assertThat(torch.formats())
                    .containsExactly(FormatChoice.FP32, FormatChoice.FP16, FormatChoice.INT8, FormatChoice.MIXED);
            assertThatThrownBy(torch::format)
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessage("infinito.inference.format=bf16 does not go with device cpu; use auto");
        }
    }

    @Test
    void takesTheFastestUnlessToldOtherwise() {
        Torch torch = new Torch(DeviceChoice.CPU, 1, FormatChoice.AUTO);
        torch.newManager().close();
        assertThat(torch.format()).isEqualTo(WeightFormat.INT8);
    }
}
