/* For LD_PRELOAD: the process sees its processor without AVX-512, VNNI and AMX.
 *
 * Linux makes the instruction CPUID trap on request (arch_prctl, ARCH_SET_CPUID) where the
 * processor can; the handler below answers it with those bits cleared. So every library in the
 * process takes its code for AVX2, whichever way it asks. See the Intel manual, volume 2, CPUID.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#ifndef ARCH_SET_CPUID
#define ARCH_SET_CPUID 0x1012
#endif
#define BIT(n) (1u << (n))

static long allow(unsigned long allowed) {
  return syscall(SYS_arch_prctl, ARCH_SET_CPUID, allowed);
}

static void answer(int number, siginfo_t *info, void *given) {
  greg_t *registers = ((ucontext_t *)given)->uc_mcontext.gregs;
  const uint8_t *code = (const uint8_t *)registers[REG_RIP];
  uint32_t leaf = registers[REG_RAX], part = registers[REG_RCX], a, b, c, d;
  (void)info;
  if (code[0] != 0x0f || code[1] != 0xa2) { /* not CPUID: a fault like any other */
    signal(number, SIG_DFL);
    return;
  }
  allow(1);
  __asm__ volatile("cpuid" : "=a"(a), "=b"(b), "=c"(c), "=d"(d) : "a"(leaf), "c"(part));
  allow(0);
  if (leaf == 7 && part == 0) {
    /* AVX-512: F, DQ, IFMA, PF, ER, CD, BW, VL */
    b &= ~(BIT(16) | BIT(17) | BIT(21) | BIT(26) | BIT(27) | BIT(28) | BIT(30) | BIT(31));
    /* AVX-512: VBMI, VBMI2, VNNI, BITALG, VPOPCNTDQ */
    c &= ~(BIT(1) | BIT(6) | BIT(11) | BIT(12) | BIT(14));
    /* AVX-512: 4VNNIW, 4FMAPS, VP2INTERSECT, FP16; AMX: BF16, TILE, INT8 */
    d &= ~(BIT(2) | BIT(3) | BIT(8) | BIT(22) | BIT(23) | BIT(24) | BIT(25));
  }
  if (leaf == 7 && part == 1) {
    a &= ~(BIT(4) | BIT(5) | BIT(21) | BIT(23)); /* AVX-VNNI, AVX512-BF16, AMX-FP16, AVX-IFMA */
    d &= ~(BIT(4) | BIT(5) | BIT(10) | BIT(19)); /* AVX-VNNI-INT8, NE-CONVERT, VNNI-INT16, AVX10 */
  }
  registers[REG_RAX] = a;
  registers[REG_RBX] = b;
  registers[REG_RCX] = c;
  registers[REG_RDX] = d;
  registers[REG_RIP] += 2;
}

__attribute__((constructor)) static void begin(void) {
  struct sigaction action = {.sa_sigaction = answer, .sa_flags = SA_SIGINFO | SA_NODEFER};
  sigaction(SIGSEGV, &action, 0);
  if (allow(0)) _exit(77); /* this processor cannot */
}
