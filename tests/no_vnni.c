/* For LD_PRELOAD: the process sees its processor without AVX-512, VNNI and AMX.
 *
 * Linux makes the instruction CPUID trap on request (arch_prctl, ARCH_SET_CPUID) where the
 * processor can; the handler below answers it with those bits cleared. So every library in the
 * process takes its code for AVX2, whichever way it asks.
 */
#define _GNU_SOURCE
#include "no_vnni.h"

#include <sys/syscall.h>
#include <unistd.h>

#ifndef ARCH_SET_CPUID
#define ARCH_SET_CPUID 0x1012
#endif

static long allow(unsigned long allowed) {
  return syscall(SYS_arch_prctl, ARCH_SET_CPUID, allowed);
}

static void answer(int number, siginfo_t *info, void *stopped) {
  const uint8_t *code = (const uint8_t *)((ucontext_t *)stopped)->uc_mcontext.gregs[REG_RIP];
  (void)info;
  if (code[0] != 0x0f || code[1] != 0xa2) { /* not CPUID: a fault like any other */
    signal(number, SIG_DFL);
    return;
  }
  allow(1);
  answer_cpuid(stopped);
  allow(0);
}

__attribute__((constructor)) static void begin(void) {
  handle(SIGSEGV, answer);
  if (allow(0)) _exit(77); /* this processor cannot */
}
