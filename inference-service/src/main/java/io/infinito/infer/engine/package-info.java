/** Many requests, one decode thread: who may run, one step each in turn, and how each ends. */
package io.infinito.infer.engine;
