/** What comes out of training: text from the inference service, and checkpoints from the object store. */
package io.infinito.standalone.serving;
