#include "textflag.h"

// Of each octet the lower nibble picks one set of bits and the upper nibble
// another; they have none in common where the octet is in the alphabet.
DATA lower<>+0(SB)/8, $0x1111111111111115
DATA lower<>+8(SB)/8, $0x1a1b1b1b1a131111
DATA upper<>+0(SB)/8, $0x0804080402011010
DATA upper<>+8(SB)/8, $0x1010101010101010
GLOBL lower<>(SB), RODATA|NOPTR, $16
GLOBL upper<>(SB), RODATA|NOPTR, $16

// func countAVX2(p *byte, n int) uint64
TEXT ·countAVX2(SB), NOSPLIT, $0-24
	MOVQ p+0(FP), SI
	MOVQ n+8(FP), CX
	XORQ DX, DX

	VBROADCASTI128 lower<>(SB), Y10
	VBROADCASTI128 upper<>(SB), Y11
	VPXOR          Y12, Y12, Y12
	MOVQ           $0x0f, AX
	VMOVQ          AX, X0
	VPBROADCASTB   X0, Y13

chunk:
	SUBQ      $32, CX
	JLT       done
	VMOVDQU   (SI), Y0
	ADDQ      $32, SI
	VPSRLW    $4, Y0, Y1
	VPAND     Y13, Y0, Y0
	VPAND     Y13, Y1, Y1
	VPSHUFB   Y0, Y10, Y0
	VPSHUFB   Y1, Y11, Y1
	VPAND     Y0, Y1, Y0
	VPCMPEQB  Y12, Y0, Y0
	VPMOVMSKB Y0, AX
	POPCNTL   AX, AX
	ADDQ      AX, DX
	JMP       chunk

done:
	VZEROUPPER
	MOVQ DX, ret+16(FP)
	RET
