package io.infinito.infer;

import com.google.protobuf.ByteString;
import io.infinito.infer.model.LoadedModel;
import io.infinito.inference.v1.HeadAttention;
import io.infinito.inference.v1.InspectRequest;
import io.infinito.inference.v1.InspectResponse;
import io.infinito.inference.v1.LayerAttention;
import io.infinito.inference.v1.TokenLogprob;
import java.util.List;

/** Writes what was found in a text. */
final class Inspection {
    private Inspection() {}

    /**
     * The answer.
     *
     * @param logprobs of each id but the first
     * @param attention by layer and head; empty if it was not asked for
     */
    static InspectResponse message(
            InspectRequest request,
            LoadedModel model,
            int[] ids,
            List<io.infinito.infer.sampling.TokenLogprob> logprobs,
            float[][][] attention) {
        InspectResponse.Builder response = InspectResponse.newBuilder()
                .setModel(Answer.version(model.identity()))
                .addTokens(TokenLogprob.newBuilder().setId(ids[0]).setToken(bytes(model, ids[0])));
        double sum = 0;
        for (io.infinito.infer.sampling.TokenLogprob logprob : logprobs) {
            response.addTokens(token(model, logprob)).addLosses(-logprob.logprob());
            sum -= logprob.logprob();
        }
        response.setMeanLoss(logprobs.isEmpty() ? 0 : sum / logprobs.size());
        for (int layer = 0; layer < attention.length; layer++) {
            if (request.getLayersCount() == 0 || request.getLayersList().contains(layer)) {
                response.addAttention(layer(layer, attention[layer]));
            }
        }
        return response.build();
    }

    private static LayerAttention layer(int layer, float[][] heads) {
        LayerAttention.Builder message = LayerAttention.newBuilder().setLayer(layer);
        for (float[] head : heads) {
            HeadAttention.Builder weights = HeadAttention.newBuilder();
            for (float weight : head) {
                weights.addWeights(weight);
            }
            message.addHeads(weights);
        }
        return message.build();
    }

    private static TokenLogprob token(LoadedModel model, io.infinito.infer.sampling.TokenLogprob logprob) {
        return TokenLogprob.newBuilder()
                .setId(logprob.id())
                .setToken(bytes(model, logprob.id()))
                .setLogprob(logprob.logprob())
                .setRank(logprob.rank())
                .addAllTop(logprob.top().stream().map(top -> token(model, top)).toList())
                .build();
    }

    private static ByteString bytes(LoadedModel model, int id) {
        return ByteString.copyFrom(model.tokenizer().bytes(id));
    }
}
