global using V128F = System.Runtime.Intrinsics.Vector128<float>;
global using V128I = System.Runtime.Intrinsics.Vector128<int>;
global using V256F = System.Runtime.Intrinsics.Vector256<float>;
global using V256I = System.Runtime.Intrinsics.Vector256<int>;
global using V512F = System.Runtime.Intrinsics.Vector512<float>;
global using V512I = System.Runtime.Intrinsics.Vector512<int>;
