#include "textflag.h"

// Masks of the 64 octets in Y0 and Y1, one bit an octet: CR, LF, dot.
#define MASKS \
	VPCMPEQB  Y0, Y10, Y2 \
	VPCMPEQB  Y1, Y10, Y3 \
	VPMOVMSKB Y2, BX      \
	VPMOVMSKB Y3, AX      \
	SHLQ      $32, AX     \
	ORQ       AX, BX      \
	VPCMPEQB  Y0, Y11, Y4 \
	VPCMPEQB  Y1, Y11, Y5 \
	VPMOVMSKB Y4, R12     \
	VPMOVMSKB Y5, AX      \
	SHLQ      $32, AX     \
	ORQ       AX, R12     \
	VPCMPEQB  Y0, Y12, Y6 \
	VPCMPEQB  Y1, Y12, Y7 \
	VPMOVMSKB Y6, R13     \
	VPMOVMSKB Y7, AX      \
	SHLQ      $32, AX     \
	ORQ       AX, R13

// Octets out of order, as a mask in AX: LF without CR before it, something else
// behind CR, a dot behind LF.
#define ODD \
	LEAQ (R9)(R12*2), AX \
	XORQ BX, AX          \
	LEAQ (R8)(BX*2), DI  \
	ANDQ R13, DI         \
	ORQ  DI, AX

// func scanAVX2(p *byte, n int, atStart uint64, empty int) (taken, last int)
//
// SI p, CX n, DX octets taken, BX LF, R12 CR, R13 dots, R8 and R9 whether the octet
// before was LF and CR, R10 last, R11 chunks since.
TEXT ·scanAVX2(SB), NOSPLIT, $0-48
	MOVQ p+0(FP), SI
	MOVQ n+8(FP), CX
	MOVQ atStart+16(FP), R8
	MOVQ empty+24(FP), R11
	XORQ DX, DX
	XORQ R9, R9
	MOVQ $-1, R10

	MOVQ         $0x2e0d0a, AX
	VMOVQ        AX, X0
	VPBROADCASTB X0, Y10
	SHRQ         $8, AX
	VMOVQ        AX, X0
	VPBROADCASTB X0, Y11
	SHRQ         $8, AX
	VMOVQ        AX, X0
	VPBROADCASTB X0, Y12

chunk:
	LEAQ    64(DX), AX
	CMPQ    AX, CX
	JGT     tail
	VMOVDQU (SI)(DX*1), Y0
	VMOVDQU 32(SI)(DX*1), Y1
	MASKS
	ODD
	JNZ     odd
	MOVQ    R12, R9
	SHRQ    $63, R9
	MOVQ    BX, R8
	SHRQ    $63, R8
	TESTQ   BX, BX
	JZ      none
	BSRQ    BX, R10
	ADDQ    DX, R10
	XORQ    R11, R11
	ADDQ    $64, DX
	JMP     chunk

none:
	INCQ R11
	CMPQ R11, $13
	JGE  done
	ADDQ $64, DX
	JMP  chunk

	// The last chunk overlaps the one before it. Its first octets are not judged
	// again, since what came before them is not in the masks.
tail:
	CMPQ    DX, CX
	JEQ     done
	CMPQ    CX, $64
	JLT     done
	XORQ    R8, R8
	XORQ    R9, R9
	MOVQ    DX, R14
	LEAQ    -64(CX), DX
	MOVQ    CX, R15
	SUBQ    DX, R14
	MOVQ    R14, CX
	VMOVDQU (SI)(DX*1), Y0
	VMOVDQU 32(SI)(DX*1), Y1
	MASKS
	ODD
	SHRQ    CX, AX
	SHLQ    CX, AX
	TESTQ   AX, AX
	JNZ     odd
	TESTQ   BX, BX
	JZ      whole
	BSRQ    BX, AX
	ADDQ    DX, AX
	CMPQ    AX, R10
	CMOVQGT AX, R10

whole:
	MOVQ R15, DX
	JMP  done

odd:
	TZCNTQ  AX, CX
	MOVQ    $-1, AX
	SHLQ    CX, AX
	NOTQ    AX
	ANDQ    AX, BX
	JZ      before
	BSRQ    BX, AX
	ADDQ    DX, AX
	CMPQ    AX, R10
	CMOVQGT AX, R10

before:
	ADDQ CX, DX

done:
	VZEROUPPER
	MOVQ DX, taken+32(FP)
	MOVQ R10, last+40(FP)
	RET
