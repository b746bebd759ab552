# The services that compute with CUDA 12.8, one target each: trainer, inference. libtorch comes out of PyTorch's own image, whose torch has the version
# that DJL's JNI library was linked to; no artifact of DJL contains it. This file has not been built or run: there was no registry to do so.
#
#   mvn -DskipTests package
#   docker build -f docker/cuda.Dockerfile --target trainer -t infinito/trainer-cuda:0.1.0 .
ARG JDK=eclipse-temurin:25-jdk
ARG JRE=eclipse-temurin:25-jre
ARG TORCH=pytorch/pytorch:2.7.1-cuda12.8-cudnn9-runtime

FROM ${JDK} AS native-libraries
WORKDIR /unpack
COPY trainer-service/target/quarkus-app/lib/main/ai.djl.*.jar ./
RUN mkdir -p /native/djl /native/tokenizers \
 && jar -x -f ai.djl.pytorch.pytorch-jni-*.jar jnilib/linux-x86_64/cu128 \
 && jar -x -f ai.djl.huggingface.tokenizers-*.jar native/lib/linux-x86_64/cpu \
 && mv jnilib/linux-x86_64/cu128/* /native/djl \
 && mv native/lib/linux-x86_64/cpu/* /native/tokenizers

FROM ${JRE} AS java

FROM ${TORCH} AS service
COPY --from=java /opt/java/openjdk /opt/java
COPY --from=native-libraries /native/tokenizers /opt/infinito/native/tokenizers
# Torch stays where it was installed: its libraries find CUDA's by paths relative to their own. The link spares the rest of this file the
# Python version, and the build fails here if the image carries another torch.
RUN torch="$(python -c 'import os, torch; assert torch.__version__ == "2.7.1+cu128", torch.__version__; print(os.path.dirname(torch.__file__))')" \
 && ln -s "$torch/lib" /opt/infinito/native/torch \
 && mkdir -p /var/lib/infinito && chown 10001:0 /var/lib/infinito && chmod 770 /var/lib/infinito
COPY --from=native-libraries /native/djl/libdjl_torch.so /opt/infinito/native/torch/
COPY docker/health /opt/infinito/health
WORKDIR /opt/infinito/app
# libshm serves Python's data loaders; DJL would load it with the others of the folder.
ENV HOME=/tmp \
    PATH=/opt/java/bin:$PATH \
    DJL_CACHE_DIR=/tmp/djl \
    DJL_OFFLINE=true \
    OPT_OUT_TRACKING=true \
    PYTORCH_LIBRARY_PATH=/opt/infinito/native/torch \
    PYTORCH_LIBRARY_EXCLUSION=libshm.so \
    PYTORCH_VERSION=2.7.1 \
    PYTORCH_FLAVOR=cu128 \
    RUST_LIBRARY_PATH=/opt/infinito/native/tokenizers/libtokenizers.so
USER 10001
STOPSIGNAL SIGTERM
ENTRYPOINT ["java", "-jar", "quarkus-run.jar"]

FROM service AS trainer
COPY trainer-service/target/quarkus-app/lib lib
COPY trainer-service/target/quarkus-app/quarkus quarkus
COPY trainer-service/target/quarkus-app/app app
COPY trainer-service/target/quarkus-app/quarkus-run.jar ./
# TF32 is for the matrix products that stay float32; the others are bfloat16.
# The allocator and the threads are as in jvm.Dockerfile: memory is kept for the next step, and threads that wait do not stay awake for long.
ENV QUARKUS_HTTP_PORT=8083 \
    INFINITO_TRAINER_DEVICE=cuda \
    INFINITO_TRAINER_WORK_FOLDER=/var/lib/infinito \
    TORCH_ALLOW_TF32_CUBLAS_OVERRIDE=1 \
    MALLOC_ARENA_MAX=1 \
    MALLOC_MMAP_MAX_=0 \
    MALLOC_TRIM_THRESHOLD_=8000000000 \
    GOMP_SPINCOUNT=1000 \
    JDK_JAVA_OPTIONS="-XX:MaxRAMPercentage=40 -XX:MaxDirectMemorySize=16g --enable-native-access=ALL-UNNAMED"
EXPOSE 8083
HEALTHCHECK --interval=10s --timeout=5s --start-period=150s CMD ["bash", "/opt/infinito/health", "ready"]

FROM service AS inference
COPY inference-service/target/quarkus-app/lib lib
COPY inference-service/target/quarkus-app/quarkus quarkus
COPY inference-service/target/quarkus-app/app app
COPY inference-service/target/quarkus-app/quarkus-run.jar ./
# On a GPU more sequences at once cost little (docs/serving.md). Their logits are rows on the heap, 200 KB each for GPT-2's vocabulary.
ENV QUARKUS_HTTP_PORT=8084 \
    QUARKUS_GRPC_SERVER_PORT=9000 \
    INFINITO_INFERENCE_DEVICE=cuda \
    INFINITO_INFERENCE_MAX_RUNNING=64 \
    INFINITO_INFERENCE_MAX_WAITING=256 \
    INFINITO_INFERENCE_CACHE_DIRECTORY=/var/lib/infinito \
    OMP_WAIT_POLICY=passive \
    JDK_JAVA_OPTIONS="-Xmx1g -XX:MetaspaceSize=96m -XX:+ExitOnOutOfMemoryError --enable-native-access=ALL-UNNAMED"
EXPOSE 8084 9000
# Live, not ready: it is ready only when a model was trained, which may be long after the start.
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s CMD ["bash", "/opt/infinito/health", "live"]
