# The inference service compiled ahead of time, with libtorch beside it. The binary is made before, by GraalVM or by Quarkus's builder
# image (which needs a container engine):
#
#   mvn -DskipTests package
#   mvn -DskipTests package -pl inference-service -am -Dquarkus.native.enabled=true -Dquarkus.native.container-build=true
#   docker build -f docker/inference-native.Dockerfile -t infinito/inference-native:0.1.0 .
ARG JDK=eclipse-temurin:25-jdk
ARG BASE=quay.io/quarkus/ubi9-quarkus-micro-image:2.0

# The trainer's jars carry the same libraries; a native build leaves no jars of its own.
FROM ${JDK} AS native-libraries
WORKDIR /unpack
COPY trainer-service/target/quarkus-app/lib/main/ai.djl.*.jar ./
RUN mkdir -p /native/torch /native/tokenizers /var/lib/infinito \
 && jar -x -f ai.djl.pytorch.pytorch-native-cpu-*-linux-x86_64.jar pytorch/cpu/linux-x86_64 \
 && jar -x -f ai.djl.pytorch.pytorch-jni-*.jar jnilib/linux-x86_64/cpu \
 && jar -x -f ai.djl.huggingface.tokenizers-*.jar native/lib/linux-x86_64/cpu \
 && mv pytorch/cpu/linux-x86_64/* jnilib/linux-x86_64/cpu/* /native/torch \
 && mv native/lib/linux-x86_64/cpu/* /native/tokenizers

FROM ${BASE}
COPY --from=native-libraries /native /opt/infinito/native
COPY --from=native-libraries --chown=10001:0 /var/lib/infinito /var/lib/infinito
COPY docker/health /opt/infinito/health
WORKDIR /opt/infinito/app
COPY inference-service/target/*-runner inference-service
ENV HOME=/tmp \
    DJL_CACHE_DIR=/tmp/djl \
    DJL_OFFLINE=true \
    OPT_OUT_TRACKING=true \
    QUARKUS_HTTP_PORT=8084 \
    QUARKUS_GRPC_SERVER_PORT=9000 \
    INFINITO_INFERENCE_CACHE_DIRECTORY=/var/lib/infinito \
    PYTORCH_LIBRARY_PATH=/opt/infinito/native/torch \
    PYTORCH_VERSION=2.7.1 \
    PYTORCH_FLAVOR=cpu \
    RUST_LIBRARY_PATH=/opt/infinito/native/tokenizers/libtokenizers.so \
    OMP_WAIT_POLICY=passive
USER 10001
EXPOSE 8084 9000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s CMD ["bash", "/opt/infinito/health", "live"]
ENTRYPOINT ["./inference-service"]
