//! Menus and functions, as the wire has them.

use gatehouse_api::{insight_auth as wire, runtime::Null};

use crate::domain::permission::{Function, Navigator};

impl From<Navigator> for wire::Navigator {
    fn from(navigator: Navigator) -> Self {
        Self {
            id: navigator.uid,
            parent_id: navigator.parent.into(),
            r#type: navigator.level,
            index: navigator.index,
            name: navigator.name,
            module_info: wire::ModuleInfo {
                icon_url: navigator.icon_url.into(),
                module: navigator.module.into(),
                file: navigator.file.into(),
                auto_load: navigator.auto_load.into(),
            },
            functions: Null,
        }
    }
}

impl From<Function> for wire::Function {
    fn from(function: Function) -> Self {
        Self {
            id: function.uid,
            nav_id: function.navigator,
            r#type: function.kind,
            index: function.index,
            name: function.name,
            auth_codes: Some(function.auth_codes).filter(|codes| !codes.is_empty()).into(),
            func_info: wire::FuncInfo {
                method: function.method.into(),
                icon_url: function.icon_url.into(),
                begin_group: function.begin_group.into(),
                hide_text: function.hide_text.into(),
            },
            permit: function.permit.into(),
        }
    }
}
